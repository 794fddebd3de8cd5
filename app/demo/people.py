"""Names nobody has, and the two clinics. Numbers and addresses are from ranges kept free for fiction."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    "female": (
        "Aveline", "Brisa", "Corisande", "Delphira", "Elowin", "Fennela", "Ginevry", "Hestara", "Isolda", "Junora",
        "Kestra", "Lunette", "Maribel", "Nerissa", "Oriel", "Philippa", "Quenna", "Rosamund", "Sidony", "Thessaly",
    ),
    "male": (
        "Alberic", "Bastiaan", "Corvan", "Dorrick", "Evandor", "Florian", "Garrick", "Hollis", "Ivander", "Jorvin",
        "Kelwin", "Lysander", "Merrick", "Nivard", "Osric", "Peverell", "Quillon", "Roderic", "Sylvan", "Torquil",
    ),
}  # fmt: skip
FAMILY: Final = (
    "Amberwick", "Brackenfell", "Cloudesmere", "Dunlarch", "Eddlestow", "Fernhollow", "Gullpenny", "Harrowmint",
    "Inglemoss", "Juniperly", "Kestrelby", "Larkspurne", "Mistlethwick", "Nettlecombe", "Orrisfield", "Pebblemarsh",
    "Quillfeather", "Rowanstill", "Saltmarrow", "Thistledew", "Umberlane", "Vetchling", "Willowsedge", "Yarrowmead",
)  # fmt: skip
_FEMALE: Final = 0.62
_AGE: Final = (45, 13)


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """One of the two clinics and who works there, by role."""

    slug: str
    name: str
    time_zone: str
    phone: str
    staff: Mapping[str, str]


CLINICS: Final = (
    DemoClinic(
        "harbour",
        "Harbour Lantern Clinic (demo)",
        "America/New_York",
        "+1 202 555 01{:02d}",
        {
            "admin": "Odile Farthingay",
            "prescriber": "Dr Marrick Stonewell",
            "nurse": "Sunniva Brightwater",
            "therapist": "Linnet Hawthornby",
            "front_desk": "Percival Oakenshaw",
        },
    ),
    DemoClinic(
        "fernbank",
        "Fernbank House Clinic (demo)",
        "Europe/London",
        "+44 20 7946 00{:02d}",
        {
            "admin": "Tamsinne Greyling",
            "prescriber": "Dr Isaura Coldbrook",
            "nurse": "Emrick Dovedale",
            "therapist": "Rosalba Winterbourne",
            "front_desk": "Caspian Mellowfield",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient."""

    given_name: str
    family_name: str
    sex: str
    birth_year: int
    birth_month: int
    birth_day: int
    phone: str
    email: str
    record_number: str


def draw_people(clinic: DemoClinic, count: int, year: int, random: Random) -> list[Person]:
    """So many different people."""
    people: list[Person] = []
    names: set[tuple[str, str]] = set()
    while len(people) < count:
        number = len(people)
        sex = "female" if random.random() < _FEMALE else "male"
        given, family = name = random.choice(GIVEN[sex]), random.choice(FAMILY)
        if name in names:
            continue
        names.add(name)
        people.append(
            Person(
                given,
                family,
                sex,
                year - min(82, max(19, round(random.gauss(*_AGE)))),
                random.randint(1, 12),
                random.randint(1, 28),
                clinic.phone.format(number % 100),
                f"{given}.{family}@example.org".lower(),
                f"{clinic.slug[0].upper()}{1001 + number}",
            )
        )
    return people
