"""One session under whatever is asked of it, in whatever order, against a model of it that knows nothing of the code.

The model has its own table of states and its own arithmetic. After every act the session stands where the model says,
every dose comes to what the model reckons, what was refused says why and has changed nothing; and in the end every
version that was ever answered is in the history, to the last digit.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import ClassVar, Final

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.factories.patients import patient_body
from tests.proofs.care import GOES_HOME, PATHS, Json, fresh_key, instant, path_of
from tests.serving import served
from tests.world import World

T0: Final = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=8)
RATES: Final = ("1.03", "0.7", "0.333", "0")
DRAWN: Final = "41.2"

# What people ask for: from where, to where. None: back to where it was held.
TABLE: Final[Mapping[str, tuple[set[str], str | None]]] = {
    "check-in": ({"scheduled"}, "checked_in"),
    "clear": ({"checked_in"}, "cleared"),
    "hold": ({"checked_in", "cleared"}, "held"),
    "release": ({"held"}, None),
    "cancel": ({"scheduled", "checked_in", "cleared", "held"}, "cancelled"),
    "mark-no-show": ({"scheduled", "checked_in", "cleared", "held"}, "no_show"),
    "discharge": ({"observing"}, "discharged"),
    "sign": ({"discharged", "amending"}, "signed"),
    "amend": ({"signed"}, "amending"),
}
# What is signed stays signed while an amendment is open; only what may be done is another.
SHOWN_AS: Final[Mapping[str, str]] = {"amending": "signed"}
BODIES: Final[Mapping[str, Json]] = {
    "hold": {"reason": "Pressure 172/98."},
    "cancel": {"reason": "Patient has a cold."},
    "discharge": GOES_HOME,
    "amend": {"reason": "The cuff was too small."},
}
# What is refused says why, in one of these or in words.
REASONS: Final = ("gates", "criteria", "blockers", "allowed", "confirmations")


# ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Impossible(Exception):
    """It cannot have happened like this."""


@dataclass
class Event:
    """Something that happened to a dose."""

    id: str
    kind: str
    minute: int
    rate: str | None = None
    amount: str | None = None
    covered: bool = False


@dataclass
class Dose:
    """What was drawn, what happened to it, and where the rest went."""

    id: str
    events: list[Event]
    wasted: Fraction = Fraction(0)
    covered: bool = False

    def flow(self) -> tuple[str, Fraction | None, bool]:
        """How it stands, what was given, and whether anything was: minute by minute from one event to the next.

        Raises:
            Impossible: it was stopped before anything was given, and begun after it.
        """
        state, rate, given, known, begun = "idle", None, Fraction(0), True, False
        was = 0
        for one in sorted(self.events, key=lambda one: one.minute):
            if state == "flows" and rate is not None:
                given += rate * (one.minute - was)
            was = one.minute
            told = None if one.rate is None else Fraction(one.rate)
            flows = one.kind in {"start", "resume"} or (one.kind == "rate_change" and state in {"idle", "flows"})
            if one.kind == "start" and state == "over" and not begun:
                raise Impossible
            if flows:
                state, rate, begun = "flows", rate if told is None else told, True
                known = known and rate is not None
            elif one.kind == "rate_change" and state == "rests":
                rate = told
            elif one.kind == "bolus":
                given, begun = given + Fraction(one.amount or 0), True
            elif one.kind == "pause" and state == "flows":
                state = "rests"
            elif one.kind == "stop":
                state = "over"
        return state, given if known and begun and state != "flows" else None, begun

    @property
    def open(self) -> bool:
        """Whether it flows, or may go on."""
        return self.flow()[0] in {"flows", "rests"}

    @property
    def delivered(self) -> Decimal | None:
        """Milligrams, to three places."""
        given = self.flow()[1]
        if given is None:
            return None
        return (Decimal(given.numerator) / Decimal(given.denominator)).quantize(Decimal("0.001"), ROUND_HALF_UP)

    @property
    def unaccounted(self) -> Fraction | None:
        """What nobody says where it went."""
        return None if self.delivered is None else Fraction(DRAWN) - Fraction(self.delivered) - self.wasted


@dataclass
class Model:
    """The session as it should be."""

    strict: bool
    status: str = "scheduled"
    held_from: str | None = None
    left_as: str | None = None
    came: bool = False
    cleared: bool = False
    aborted: bool = False
    doses: dict[str, Dose] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)
    others: dict[str, str] = field(default_factory=dict)

    def blockers(self) -> set[str]:
        """Doses that keep it from being signed."""
        return {one.id for one in self.doses.values() if one.open or one.unaccounted != 0}

    @property
    def over(self) -> bool:
        """Whether something was given and nothing flows."""
        doses = self.doses.values()
        return any(one.flow()[2] for one in doses) and not any(one.open for one in doses)

    def dosed(self, kind: str) -> None:
        """A dose event was recorded."""
        if self.status in {"discharged", "signed", "amending"} or (
            self.status == "observing" and kind in {"pause", "stop"}
        ):
            return
        if self.status in {"cancelled", "no_show"}:
            self.left_as = self.status
        self.status, self.held_from = "observing" if self.over else "dosing", None

    def corrected(self) -> None:
        """A dose event was corrected or withdrawn."""
        if self.status not in {"dosing", "observing"}:
            return
        if not any(one.flow()[2] for one in self.doses.values()):
            before = "cleared" if self.cleared else "checked_in" if self.came else "scheduled"
            self.status, self.left_as = self.left_as or before, None
        elif self.over:
            self.status = "observing"
        elif not self.aborted:
            self.status = "dosing"

    def did(self, verb: str) -> None:
        """A person's step was taken."""
        target = TABLE[verb][1] or self.held_from
        assert target is not None
        self.held_from = self.status if verb == "hold" else None
        self.came, self.cleared = self.came or verb == "check-in", self.cleared or verb == "clear"
        if verb == "sign":
            self.covered |= {*self.doses, *self.others, *(e.id for d in self.doses.values() for e in d.events)}
        self.status = target

    def frozen(self, record_id: str) -> bool:
        """Whether a signature covers it."""
        return self.status == "signed" and record_id in self.covered


# ── the walk ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_NEXT: Final = {
    "scheduled": "check-in",
    "checked_in": "clear",
    "held": "release",
    "observing": "discharge",
    "discharged": "sign",
    "signed": "amend",
    "amending": "sign",
}


def exactly(answer: httpx2.Response) -> Json:
    """An answer with every number as it is written, to the last digit."""
    return json.loads(answer.content, parse_float=str, parse_int=str)


class Walk(RuleBasedStateMachine):
    """Acts at random upon one session; each is asked of the server and told to the model."""

    http: ClassVar[Mapping[bool, httpx2.Client]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(strict=False)
        self.minutes = iter(range(1, 400))
        self.answered: dict[tuple[str, str], dict[int, Json]] = {}

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def client(self) -> httpx2.Client:
        """Somebody of a clinic whose gates are shut, or of one whose gates only warn."""
        return self.http[self.model.strict]

    def ask(self, method: str, path: str, body: Json | None = None, version: int | None = None) -> httpx2.Response:
        """One request; nothing is ever the server's fault."""
        headers = fresh_key() if method == "POST" else {}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 500, f"{method} {path} {body}: {answer.text}"
        if answer.is_success:
            self.keep(answer)
        return answer

    def keep(self, answer: httpx2.Response) -> None:
        """Remember a version of a record as it was answered."""
        shown = exactly(answer)
        if shown.get("object") in PATHS and "version" in shown:
            shown.pop("events", None)  # what happened to a dose are records of their own, with a history of their own
            shown.pop("allowed_actions", None)  # what a verb answers beside the header, for whoever asks
            versions = self.answered.setdefault((shown["object"], shown["id"]), {})
            before = versions.setdefault(int(shown["version"]), shown)
            assert before == shown, "the same version, told differently"

    def read(self) -> Json:
        """Everything there is."""
        return self.client.get(f"{self.path}/record").json()

    def made(self, path: str, body: Json) -> Json:
        """Something that must be accepted."""
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    @initialize(strict=st.booleans(), until=st.sampled_from(["signed", "scheduled", "observing", "cleared", "signed"]))
    def begin(self, strict: bool, until: str) -> None:
        """A session of an ordinary day, up to a state; where gates are shut nobody is ever cleared."""
        self.model.strict = strict
        patient = self.made("/v1/patients", patient_body() | {"confirm": ["probable_duplicate"]})
        course = self.made(f"{path_of(patient)}/courses", {"protocol_code": "OPEN"})
        session = self.made(f"{path_of(course)}/sessions", {"drug": "ketamine", "route": "intravenous"})
        self.path = path_of(session)
        self.before = self.read()
        while self.model.status not in {until, "signed"}:
            self.goes_on()

    def settle(self, answer: httpx2.Response, expected: int | None) -> bool:
        """Whether it was accepted, as the model expects; what was refused has changed nothing and says why."""
        told = f"{answer.request.method} {answer.request.url.path} {answer.request.content!r}: {answer.text}"
        if expected is not None:
            assert answer.status_code == expected, f"expected {expected}; the model: {self.model}; {told}"
        if answer.is_success:
            return True
        assert self.read() == self.before, f"a refusal changed something: {told}"
        if answer.status_code == 409:
            problem = answer.json()
            assert any(problem.get(name) for name in REASONS) or problem["detail"], told
        return False

    def compare(self) -> None:
        """The server's session is the model's."""
        record = self.before = self.read()
        assert record["status"] == SHOWN_AS.get(self.model.status, self.model.status), self.model
        assert (record["amendment_opened_at"] is not None) == (self.model.status == "amending"), self.model
        standing = [one for one in record["signatures"] if one["superseded_at"] is None]
        assert bool(standing) == (record["status"] == "signed"), "a signature stands until another takes its place"
        shown = {one["id"]: one for one in record["administrations"]}
        assert shown.keys() == self.model.doses.keys()
        for dose in self.model.doses.values():
            one = shown[dose.id]
            assert {event["id"] for event in one["events"]} == {event.id for event in dose.events}
            told = None if one["delivered_mg"] is None else Decimal(repr(one["delivered_mg"]))
            assert told == dose.delivered, (dose, one)
            rest = None if one["unaccounted_mg"] is None else Fraction(repr(one["unaccounted_mg"]))
            assert rest == dose.unaccounted, (dose, one)
            assert one["reconciled"] == (dose.unaccounted == 0)
        self.keep(self.client.get(self.path))

    # ── people's steps ───────────────────────────────────────────────────────────────────────────────────────────────

    def step(self, verb: str, body: Json | None = None) -> None:
        answer = self.ask("POST", f"{self.path}/{verb}", body or BODIES.get(verb, {}), self.before["version"])
        sources, _ = TABLE[verb]
        if verb == "discharge" and self.model.status == "signed":
            self.settle(answer, 409)
            assert answer.json()["code"] == "record-signed"
        elif self.model.status not in sources:
            self.settle(answer, 409)
            assert answer.json()["code"] == "illegal-transition"
            assert "allowed" in answer.json()
        elif verb == "clear" and self.model.strict:
            self.settle(answer, 409)
            assert [one for one in answer.json()["gates"] if one["blocking"]]
        elif verb == "discharge" and body is not None:
            self.settle(answer, 409)
            assert answer.json()["criteria"]
        elif verb == "sign" and (blockers := self.model.blockers()):
            self.settle(answer, 409)
            assert {one["id"] for one in answer.json()["blockers"]} == blockers
        else:
            self.settle(answer, 200)
            self.model.did(verb)
        self.compare()

    @rule(verb=st.sampled_from(sorted(TABLE)))
    def asks(self, verb: str) -> None:
        self.step(verb)

    @precondition(lambda self: self.model.status in {*_NEXT, "cleared", "dosing"})
    @rule()
    def goes_on(self) -> None:
        """What comes next on an ordinary day."""
        status = self.model.status
        if (
            status == "cleared"
            or (status == "checked_in" and self.model.strict)
            or (status == "dosing" and not self.model.doses)
        ):
            self.dose(["start", "pause", "resume", "stop"], RATES[0])
        elif status == "dosing":
            self.tell(next((one for one in self.model.doses.values() if one.open), self.some(0)), "stop")
        elif status in {"discharged", "amending"} and (open_doses := self.model.blockers()):
            dose = self.model.doses[min(open_doses)]
            if dose.unaccounted is None:
                self.tell(dose, "stop")
            if dose.unaccounted is not None and dose.unaccounted + dose.wasted >= 0:
                self.account(dose, dose.unaccounted + dose.wasted)
        else:
            self.step(_NEXT[status])

    @rule()
    def goes_home_unasked(self) -> None:
        self.step("discharge", {"condition": "well"})

    @rule()
    def aborts(self) -> None:
        answer = self.ask("POST", f"{self.path}/abort", {"reason": "Asked to stop."}, self.before["version"])
        if self.settle(answer, 200 if self.model.status in {"dosing", "observing", "discharged"} else 409):
            self.model.aborted = True
            self.model.status = "observing" if self.model.status == "dosing" else self.model.status
        self.compare()

    @rule(verb=st.sampled_from(sorted(TABLE)), known=st.booleans())
    def asks_from_an_old_version(self, verb: str, known: bool) -> None:
        version = self.before["version"] + 1 if known else None
        answer = self.ask("POST", f"{self.path}/{verb}", BODIES.get(verb, {}), version)
        self.settle(answer, 412 if known else 428)

    @rule()
    def writes_a_note_on_it(self) -> None:
        answer = self.ask("PATCH", self.path, {"note": "Prefers the quiet room."}, self.before["version"])
        self.settle(answer, 409 if self.model.status == "signed" else 200)
        self.compare()

    # ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def some(self, number: int) -> Dose:
        doses = list(self.model.doses.values())
        return doses[number % len(doses)]

    def event(self, kind: str, rate: str, minute: int | None = None) -> tuple[Event, Json]:
        """An event, a while after the ones before unless said otherwise."""
        taken = {one.minute for dose in self.model.doses.values() for one in dose.events}
        minute = next(self.minutes) if minute is None else minute
        while minute in taken:
            minute += 1
        event = Event("", kind, minute)
        body: Json = {"kind": kind, "occurred_at": instant(T0 + timedelta(minutes=minute))}
        if kind in {"start", "rate_change", "resume"}:
            event.rate = rate
            body["rate_mg_per_min"] = float(rate)
        elif kind == "bolus":
            event.amount = "2.5"
            body["amount_mg"] = 2.5
        return event, body

    def dose(self, kinds: list[str], rate: str) -> None:
        told = [self.event(kind, rate) for kind in kinds]
        bodies = [body for _, body in told]
        body = {"drug": "ketamine", "route": "intravenous", "drawn_mg": float(DRAWN), "events": bodies}
        answer = self.ask("POST", f"{self.path}/administrations", body)
        self.settle(answer, 201)
        shown = answer.json()
        dose = self.model.doses[shown["id"]] = Dose(shown["id"], [event for event, _ in told])
        for one, (event, _) in zip(sorted(shown["events"], key=lambda one: one["occurred_at"]), told, strict=True):
            event.id = one["id"]
        if dose.events:
            self.model.dosed(kinds[-1])
        self.compare()

    @precondition(lambda self: len(self.model.doses) < 3)
    @rule(kinds=st.sampled_from([[], ["start"], ["start", "pause"], ["bolus"]]), rate=st.sampled_from(RATES))
    def gives(self, kinds: list[str], rate: str) -> None:
        self.dose(kinds, rate)

    def tell(self, dose: Dose, kind: str, rate: str = RATES[0], minute: int | None = None) -> None:
        event, body = self.event(kind, rate, minute)
        dose.events.append(event)
        try:
            dose.flow()
        except Impossible:
            dose.events.remove(event)
            self.settle(self.ask("POST", f"/v1/administrations/{dose.id}/events", body), 422)
            return
        answer = self.ask("POST", f"/v1/administrations/{dose.id}/events", body)
        self.settle(answer, 201)
        event.id = answer.json()["id"]
        self.model.dosed(kind)
        self.compare()
        self.keep(self.client.get(f"/v1/administrations/{dose.id}"))

    @precondition(lambda self: self.model.doses)
    @rule(
        number=st.integers(0, 2),
        kind=st.sampled_from(["start", "pause", "resume", "rate_change", "stop", "bolus", "pause", "resume", "stop"]),
        rate=st.sampled_from(RATES),
        minute=st.none() | st.integers(0, 60),
    )
    def happens(self, number: int, kind: str, rate: str, minute: int | None) -> None:
        self.tell(self.some(number), kind, rate, minute)

    def account(self, dose: Dose, wasted: Fraction) -> None:
        path = f"/v1/administrations/{dose.id}"
        version = self.client.get(path).json()["version"]
        answer = self.ask("POST", f"{path}/reconcile", {"wasted_mg": float(wasted)}, version)
        if self.settle(answer, 409 if self.model.frozen(dose.id) else 200):
            dose.wasted = wasted
        self.compare()

    @precondition(lambda self: self.model.doses)
    @rule(number=st.integers(0, 2), wasted=st.sampled_from(["0", "11.34"]))
    def wastes(self, number: int, wasted: str) -> None:
        self.account(self.some(number), Fraction(wasted))

    @precondition(lambda self: any(dose.events for dose in self.model.doses.values()))
    @rule(number=st.integers(0, 8), rate=st.sampled_from([*RATES, None]))
    def corrects_an_event(self, number: int, rate: str | None) -> None:
        """Another rate, or with none given: it should never have been recorded."""
        told = [(dose, event) for dose in self.model.doses.values() for event in dose.events]
        dose, event = told[number % len(told)]
        path = f"/v1/dose-events/{event.id}"
        version = self.client.get(path).json()["version"]
        was = dose.events, event.rate
        if rate is None:
            dose.events = [one for one in dose.events if one is not event]
            wanted, verb, body = "POST", f"{path}/mark-entered-in-error", {"reason": "wrong pump"}
        elif event.rate is None:
            return
        else:
            event.rate = rate
            wanted, verb, body = "PATCH", path, {"rate_mg_per_min": float(rate)}
        expected = 409 if self.model.frozen(event.id) else 200
        try:
            dose.flow()
        except Impossible:
            expected = 409 if expected == 409 else 422
        if self.settle(self.ask(wanted, verb, body, version), expected):
            self.model.corrected()
        else:
            dose.events, event.rate = was
        self.compare()

    @precondition(lambda self: self.model.doses)
    @rule(number=st.integers(0, 2))
    def withdraws_a_dose(self, number: int) -> None:
        dose = self.some(number)
        path = f"/v1/administrations/{dose.id}"
        version = self.client.get(path).json()["version"]
        answer = self.ask("POST", f"{path}/mark-entered-in-error", {"reason": "wrong patient"}, version)
        if self.settle(answer, 409 if self.model.frozen(dose.id) else 200):
            del self.model.doses[dose.id]
            self.model.corrected()
        self.compare()

    @rule(milligrams=st.sampled_from([41.2, 41.2, 500]))
    def orders(self, milligrams: float) -> None:
        is_over = self.model.status in {"discharged", "signed", "amending", "cancelled", "no_show"}
        body = {"ordered_mg": milligrams, "infusion_minutes": 10 if milligrams > 100 else 40}
        answer = self.ask("POST", f"{self.path}/dose-orders", body)
        # More than one and a half times what was given before is asked about; whatever it is, the refusal says so.
        self.settle(answer, 409 if is_over or milligrams > 100 else None)
        if answer.status_code == 409 and not is_over:
            assert answer.json()["confirmations"]
        self.compare()

    # ── what is seen ─────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(note=st.booleans(), minute=st.integers(0, 60))
    def watches(self, note: bool, minute: int) -> None:
        at = instant(T0 + timedelta(minutes=minute))
        if note:
            shown = self.made(f"{self.path}/dissociation-notes", {"observed_at": at, "intensity": 6})
        else:
            reading = {"measured_at": at, "systolic_mmhg": 138, "diastolic_mmhg": 86}
            shown = self.made(f"{self.path}/vital-signs", reading)
        assert shown["after_signature"] == (self.model.status == "signed")
        self.model.others[shown["id"]] = path_of(shown)
        self.compare()

    @precondition(lambda self: self.model.others)
    @rule(number=st.integers(0, 5), void=st.booleans())
    def corrects_what_was_seen(self, number: int, void: bool) -> None:
        one, path = sorted(self.model.others.items())[number % len(self.model.others)]
        version = self.client.get(path).json()["version"]
        expected = 409 if self.model.frozen(one) else 200
        if void:
            answer = self.ask("POST", f"{path}/mark-entered-in-error", {"reason": "wrong patient"}, version)
        else:
            answer = self.ask("PATCH", path, {"note": "Read again."}, version)
        if self.settle(answer, expected) and void:
            del self.model.others[one]
        self.compare()

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def teardown(self) -> None:
        for (kind, one), versions in self.answered.items():
            history = exactly(self.client.get(f"{PATHS[kind]}/{one}/history", params={"limit": 200}))["items"]
            assert [int(version["version"]) for version in history] == list(range(1, len(history) + 1))
            for number, shown in versions.items():
                then = history[number - 1]["resource"]
                then.pop("events", None)
                assert then == shown, f"version {number} of a {kind} reads differently"


@pytest.mark.enable_socket
async def test_whatever_is_asked_of_a_session_it_stays_what_it_should_be(
    clinic: World, other_clinic: World, deep: bool
) -> None:
    await clinic.only_records()
    tokens = {False: await clinic.token("prescriber"), True: await other_clinic.token("prescriber")}
    with served(clinic.installation) as address:
        clients = {
            strict: httpx2.Client(base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=30)
            for strict, token in tokens.items()
        }
        one_clinics = type("TestWalk", (Walk,), {"http": clients})
        counts = settings(
            max_examples=150 if deep else 6,
            stateful_step_count=50 if deep else 20,
            derandomize=not deep,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
            phases=[Phase.generate],
        )
        await asyncio.to_thread(run_state_machine_as_test, one_clinics, settings=counts)
        for client in clients.values():
            client.close()
