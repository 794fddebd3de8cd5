"""What somebody goes through in a demo clinic: under which protocol, on which days, what goes wrong, who stays away.

Pure and quick, so that a test can look at thousands of people. `story.py` turns a journey into what the clinic does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from random import Random
from typing import Final

from app.demo.bodies import Body, draw_body
from app.demo.moods import RESPONSE, Mood, draw_mood
from app.protocols.catalogue import shipped_protocols
from app.protocols.rules import Protocol, require_latest

HISTORY_DAYS: Final = 250
RECORD_DAYS: Final = 56
"""For so many days the clinic has kept its record here; what was before, it has told afterwards from its paper."""

ATTENDANCE: Final = 0.95
DROPOUT: Final = 0.11
BY_MADRS: Final = 0.10
WITH_PTSD: Final = 0.25
FOLLOW_UPS_MISSED: Final[Mapping[int, float]] = {7: 0.30, 28: 0.45, 56: 0.60}
"""How many days after the last session of a series somebody is asked again, and how often nothing comes back."""
FORM_MISSED: Final = 0.15
"""How often the form before a session is forgotten, the first one never."""

_MISSED_BY_NOTICE: Final = 0.6
_HAPPENINGS: Final[Mapping[str, float]] = {
    "": 0.87, "paused": 0.04, "slowed": 0.04, "held": 0.03, "aborted": 0.01, "left": 0.01,
}  # fmt: skip
_OPEN_DAYS: Final = (0, 3, 7, 10, 14, 17)
_INDICATIONS: Final = {"F33.2": 0.5, "F33.1": 0.2, "F32.2": 0.2, "F31.81": 0.05, "F53.0": 0.05}
_SLOTS: Final = (
    time(8), time(8, 30), time(9, 15), time(10), time(10, 45), time(11, 30), time(12, 15), time(13), time(13, 45),
    time(14, 30), time(15, 15),
)  # fmt: skip

# So many of a hundred begin like this.
PROTOCOLS: Final[Mapping[str, float]] = {
    "KET_IV_6x3W": 46, "KET_IV_6x2W": 9, "KET_IV_4x2W": 7, "KET_IV_PTSD_8x4W": 4, "KET_IV_3xW_MAX12": 2,
    "KET_IM_SERIES": 8, "KET_SC_KADS": 4, "KET_SL_6x": 6, "KET_PO_2xW_6W": 2, "OPEN": 3, "ESK_TRD": 8, "ESK_MDSI": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit: its day, which session of its series it would be, and what happens, such as that nobody comes."""

    on: date
    number: int
    happening: str = ""

    @property
    def is_given(self) -> bool:
        """Whether a dose is given."""
        return self.happening not in {"no_show", "cancelled", "left"}


@dataclass(frozen=True, slots=True)
class Series:
    """Visits under one phase of one protocol. `continues` is the phase of the course before that it goes on with."""

    protocol: Protocol
    phase: str
    planned: int
    visits: Sequence[Visit]
    continues: bool = False

    @property
    def given(self) -> Sequence[Visit]:
        """The visits at which a dose is given."""
        return [visit for visit in self.visits if visit.is_given]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a journey is to show, where the demo must not leave it to chance. Days are counted back from today."""

    begins_days_ago: int | None = None
    protocol: str | None = None
    at: time | None = None
    happening: tuple[int, str] | None = None
    ends: str | None = None
    alert: str | None = None
    extra: str | None = None
    thoughts: bool = False
    waits: bool = False


# The first patients of a clinic show between them what a clinic lives through, so that also a small one has it all.
WANTED: Final = (
    Wanted(45, "KET_IV_6x3W", happening=(2, "paused"), thoughts=True, ends="completed"),
    Wanted(14, "KET_IV_6x3W", at=time(12, 50), thoughts=True, alert="acknowledged", extra="slip"),
    Wanted(14, "KET_IV_6x3W", at=time(11, 20), happening=(2, "slowed"), extra="wrong_patient"),
    Wanted(40, "KET_IV_6x3W", happening=(2, "aborted"), ends="discontinued"),
    Wanted(7, "KET_IV_6x3W", at=time(13, 30), thoughts=True, alert="open"),
    Wanted(14, "ESK_TRD", at=time(12, 0)),
    Wanted(18, "KET_IM_SERIES", happening=(3, "no_show")),
    Wanted(120, "KET_IV_6x3W", extra="elsewhere", ends="completed"),
    Wanted(-6, "KET_IV_6x3W"),
    Wanted(12, "KET_IV_6x3W", at=time(23, 25), extra="night"),
    Wanted(waits=True),
    Wanted(20, "KET_IV_6x3W", happening=(4, "cancelled"), ends="paused"),
    Wanted(21, "KET_SL_6x", extra="home"),
    Wanted(14, "KET_IV_6x3W", at=time(13, 28), happening=(5, "held")),
    Wanted(90, "ESK_TRD"),
    Wanted(16, "OPEN"),
    Wanted(60, "KET_SC_KADS", ends="completed"),
    Wanted(25, "KET_IV_6x2W", happening=(2, "left"), extra="twice"),
    Wanted(7, "KET_IV_6x3W", at=time(9, 15), happening=(3, "no_show")),
    Wanted(30, "KET_PO_2xW_6W", extra="corrected"),
)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Somebody is asked again on a day, so long after the last dose; `answered` says whether anything comes back."""

    on: date
    days_after: int
    answered: bool


@dataclass(slots=True)
class Journey:
    """Everything that is drawn of one person before the story begins."""

    body: Body
    mood: Mood
    at: time
    indication: str
    instrument: str
    has_ptsd: bool
    is_measured: bool
    wanted: Wanted
    series: list[Series] = field(default_factory=list[Series])
    follow_ups: list[FollowUp] = field(default_factory=list[FollowUp])
    dropped_out: bool = False

    @property
    def responds(self) -> bool:
        """Whether the final change is a response."""
        return self.mood.gained >= RESPONSE

    @property
    def first_on(self) -> date | None:
        """The day of the first visit."""
        return self.series[0].visits[0].on if self.series else None


def newest(code: str) -> Protocol:
    """A shipped protocol in its newest version."""
    return require_latest(shipped_protocols(), code)


def workday(on: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return on + timedelta(days=max(0, 7 - on.weekday())) if on.weekday() > 4 else on  # noqa: PLR2004  # Saturday is 5


def draw_journey(random: Random, today: date, wanted: Wanted) -> Journey:
    """A person and what becomes of them, seen from a day; what `wanted` leaves open is drawn."""
    maintained = random.random() < 0.4  # noqa: PLR2004
    mood = draw_mood(random, maintained=maintained)
    code = wanted.protocol or random.choices(list(PROTOCOLS), list(PROTOCOLS.values()))[0]
    has_ptsd = random.random() < WITH_PTSD or "PTSD" in code
    journey = Journey(
        draw_body(random),
        mood,
        wanted.at or random.choice(_SLOTS),
        "F43.12" if "PTSD" in code else random.choices(list(_INDICATIONS), list(_INDICATIONS.values()))[0],
        "MADRS" if random.random() < BY_MADRS and not wanted.thoughts else "PHQ9",
        has_ptsd,
        random.random() < 0.3,  # noqa: PLR2004
        wanted,
    )
    begins_days_ago = wanted.begins_days_ago
    if begins_days_ago is None:
        # The clinic grows: more begin lately than long ago; a few begin next week.
        begins_days_ago = round(HISTORY_DAYS * random.random() ** 1.5) - 6
    if wanted.waits:
        return journey
    protocol = newest(code)
    days = protocol.phases[0].days(ahead=6) or _OPEN_DAYS
    begins = _beginning(today - timedelta(days=begins_days_ago), days, keep=wanted.at is not None)
    _first_series(journey, random, protocol, begins, days)
    if not journey.dropped_out and wanted.ends != "paused":
        if maintained and journey.responds:
            _go_on(journey, random, today)
        _ask_again(journey, random)
    return journey


def _beginning(on: date, days: Sequence[int], *, keep: bool) -> date:
    """A day from which on the days of a plan are working days: a Monday, or a Tuesday where there is time."""
    if keep:
        return workday(on)
    rest = on.weekday() if len(days) < 2 or days[1] < 3 else on.weekday() - on.weekday() % 2  # noqa: PLR2004
    return on - timedelta(days=rest if on.weekday() < 5 else on.weekday())  # noqa: PLR2004


def _first_series(journey: Journey, random: Random, protocol: Protocol, begins: date, days: Sequence[int]) -> None:
    wanted = journey.wanted
    phase = protocol.phases[0].name
    last = len(days)
    if protocol.code == "KET_IV_3xW_MAX12":
        last = 6 if journey.responds else 10
    stays_away = wanted.ends is None and wanted.begins_days_ago is None and random.random() < DROPOUT
    if stays_away:
        last, journey.dropped_out = random.randrange(1, min(last, 6)), True
    if wanted.ends == "discontinued" and wanted.happening is not None:
        last = wanted.happening[0]
    if wanted.ends == "paused":
        last = min(last, 4)
    visits = _attended(random, [begins + timedelta(days=day) for day in days[:last]], wanted)
    if stays_away:
        visits.append(Visit(workday(visits[-1].on + timedelta(days=3)), last + 1, "no_show"))
    journey.series.append(Series(protocol, phase, len(days), visits))


def _attended(random: Random, days: Sequence[date], wanted: Wanted | None = None) -> list[Visit]:
    """The visits that come of planned days: a missed one is made up for the day after, where there is room."""
    visits: list[Visit] = []
    before: date | None = None
    for number, planned in enumerate(days, start=1):
        on = workday(planned)
        if before is not None and on <= before:
            on = workday(before + timedelta(days=1))
        happening = random.choices(list(_HAPPENINGS), list(_HAPPENINGS.values()))[0]
        if random.random() >= ATTENDANCE:
            happening = "cancelled" if random.random() < _MISSED_BY_NOTICE else "no_show"
        if wanted is not None and wanted.begins_days_ago is not None:
            happening = ""
            if wanted.happening is not None and wanted.happening[0] == number:
                happening = wanted.happening[1]
        visit = Visit(on, number, happening)
        visits.append(visit)
        before = on
        if not visit.is_given:
            again = workday(on + timedelta(days=1))
            if number < len(days) and again + timedelta(days=1) >= workday(days[number]):
                again = on  # the next one is too near
            if again > on:
                visits.append(Visit(again, number))
                before = again
        if happening == "aborted" and wanted is not None and wanted.ends == "discontinued":
            break
    return visits


def _go_on(journey: Journey, random: Random, today: date) -> None:
    """Maintenance after a response: the protocol's own phases, or a course of maintenance within the same episode."""
    first = journey.series[0]
    until = today + timedelta(days=40)
    if len(first.protocol.phases) > 1 and first.protocol.code != "OPEN":
        for phase in first.protocol.phases[1:]:
            before = journey.series[-1].visits[-1].on
            interval = phase.interval_days[-1]
            if before + timedelta(days=interval) > until:
                return
            days = [before + timedelta(days=interval * (one + 1)) for one in range(phase.sessions or 8)]
            visits = _attended(random, [day for day in days if day <= until])
            journey.series.append(Series(first.protocol, phase.name, phase.sessions or 8, visits, continues=True))
        return
    if first.protocol.route != "intravenous":
        return
    before = first.visits[-1].on + timedelta(days=12)
    if random.random() < 0.35:  # noqa: PLR2004
        booster = newest("KET_IV_BOOSTER_PRN")
        days = [before + timedelta(days=16 + 24 * one + random.randrange(8)) for one in range(random.randint(1, 3))]
        phases = [(booster.phases[0].name, days)]
        protocol = booster
    else:
        protocol, phases = newest("KET_IV_MAINT_CAN"), list[tuple[str, list[date]]]()
        for phase in protocol.phases:
            interval = phase.interval_days[0]
            days = [before + timedelta(days=interval * one) for one in range(phase.sessions or 1)]
            before = days[-1] + timedelta(days=interval)
            phases.append((phase.name, days))
    for place, (name, days) in enumerate(phases):
        near = [day for day in days if day <= until]
        if near:
            visits = _attended(random, near)
            journey.series.append(Series(protocol, name, len(days), visits, continues=place > 0))


def _ask_again(journey: Journey, random: Random) -> None:
    """The forms after the first series and after all of them; those who were asked too long ago do not answer."""
    first = journey.series[0]
    maintained = len(journey.series) > 1
    for days_after, missed in FOLLOW_UPS_MISSED.items():
        if maintained and days_after > 7:  # noqa: PLR2004  # they are seen at their sessions
            continue
        # Who goes on has to show first that it helped.
        answered = maintained or random.random() >= missed
        on = workday(first.visits[-1].on + timedelta(days=days_after))
        journey.follow_ups.append(FollowUp(on, days_after, answered))
