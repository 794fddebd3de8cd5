"""The examples the document shows, got by calling the API: what was sent, and what was answered.

`make examples` writes them into `app/examples.json`; `test_examples.py` calls every operation again, on both databases,
and compares. All are called at one and the same instant, so that only ids, secrets and random names differ from one run
to the next; those are replaced, each by the same one everywhere in an example.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from app.kernel import clock
from tests.conftest import Installations
from tests.proofs import care
from tests.proofs.care import Json, ago, start, stop
from tests.proofs.recipes import MAKERS, RECIPES, Call, Operation, Recipe, Stage, operations_of, stage_in
from tests.proofs.test_matrix import CALLERS, MATRIX, Callers, may
from tests.world import Installation, make_world

FILE: Final = Path(__file__).parents[2] / "app" / "examples.json"
AT: Final = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
USUAL: Final = "usual"
_SHOWN_OF_A_LIST: Final = 2

Examples = dict[str, dict[str, Json]]


# ── recipes that show more than that an operation can be called ──────────────────────────────────────────────────────


def _after(name: str) -> Recipe:
    async def made(stage: Stage) -> Call:
        await MAKERS[name](stage)
        return Call()

    return made


async def _changes(stage: Stage) -> Call:
    await stage.care.patient()
    await stage.clinic.database.sealer.seal()
    return Call()


async def _whole_session(stage: Stage) -> Json:
    patient = await stage.care.patient()
    course = await stage.care.course(patient, protocol_code="KET_IV_6x3W")
    await stage.care.phq9(patient, course_id=course["id"], answered_at=ago(days=1))
    session = await stage.care.session_in("observing", course)
    await stage.care.order(session)
    await stage.care.vitals(session)
    await stage.care.dissociation(session)
    return await stage.care.discharge(session)


async def _record(stage: Stage) -> Call:
    return Call({"session_id": (await _whole_session(stage))["id"]})


async def _live(stage: Stage) -> Json:
    patient = await stage.care.patient()
    await stage.care.weight(patient)
    session = await stage.care.session_in("cleared", await stage.care.course(patient, protocol_code="KET_IV_6x3W"))
    await stage.care.order(session)
    await stage.care.vitals(session, measured_at=ago(minutes=60), systolic_mmhg=124, diastolic_mmhg=78)
    await stage.care.administration(session, events=[start(50)])
    await stage.care.vitals(session)
    await stage.clinic.database.sealer.seal()
    return session


async def _chairside(stage: Stage) -> Call:
    return Call({"session_id": (await _live(stage))["id"]})


async def _day(stage: Stage) -> Call:
    await _live(stage)
    return Call()


async def _morning(stage: Stage) -> Call:
    await _whole_session(stage)
    return Call()


async def _since_the_beginning(stage: Stage) -> Call:
    await _live(stage)
    return Call(headers={"Last-Event-ID": "0"})


async def _curve(stage: Stage) -> Call:
    session = await _whole_session(stage)
    patient = {"object": "patient", "id": session["patient_id"]}
    await stage.care.phq9(
        patient, [1, 1, 1, 1, 1, 2, 1, 1, 0], course_id=session["course_id"], answered_at=ago(minutes=1)
    )
    return Call({"course_id": session["course_id"]})


def _plan(operation_id: str) -> Recipe:
    async def made(stage: Stage) -> Call:
        call = await RECIPES[operation_id](stage)
        course = await stage.care.course(protocol_code="KET_IV_6x3W")
        return replace(call, ids={"course_id": course["id"]})

    return made


RICHER: Final[Mapping[str, Recipe]] = {
    **{
        f"list_{plural}": _after(name)
        for name in MAKERS
        for plural in (f"{name}s", name, f"{name.removesuffix('y')}ies")
        if RECIPES.get(f"list_{plural}") is RECIPES["list_clinics"]  # those that are asked of the whole clinic
    },
    "list_changes": _changes,
    "list_plan": _plan("list_plan"),
    "get_session_record": _record,
    "get_session_chairside": _chairside,
    "get_board": _day,
    "get_worklist": _morning,
    "follow_board": _since_the_beginning,
    "get_course_trajectory": _curve,
    "get_course_outcome": _curve,
}


# ── one of each shape a body may have ────────────────────────────────────────────────────────────────────────────────

_INFUSION: Final[Json] = {"drug": "ketamine", "route": "intravenous", "drawn_mg": 41.2, "concentration_mg_per_ml": 10}
_INJECTED: Final[Json] = {"drug": "ketamine", "route": "intramuscular", "drawn_mg": 35, "concentration_mg_per_ml": 50}
_BY_MOUTH: Final[Json] = {
    "drug": "ketamine", "route": "sublingual", "form": "troche", "unit_strength_mg": 100, "drawn_mg": 100,
    "hold_minutes": 10, "disposition": "spit",
}  # fmt: skip
_SPRAYED: Final[Json] = {"drug": "ketamine", "route": "intranasal", "drawn_mg": 20, "concentration_mg_per_ml": 100}
_DEVICES: Final[Json] = {"drug": "esketamine", "route": "intranasal", "drawn_mg": 56, "self_administered": True}


def _injection() -> Json:
    return {"kind": "injection", "occurred_at": ago(minutes=50), "amount_mg": 35, "volume_ml": 0.7,
            "body_site": "deltoid", "side": "left"}  # fmt: skip


def _spray(nostril: str, minutes_ago: float) -> Json:
    return {"kind": "spray", "occurred_at": ago(minutes=minutes_ago), "nostril": nostril, "amount_mg": 10}


def _device(number: int, minutes_ago: float) -> Json:
    return {"kind": "device", "occurred_at": ago(minutes=minutes_ago), "device_number": number, "nostril": "left",
            "second_nostril": "right", "second_spray_at": ago(minutes=minutes_ago - 0.5), "lot": "23KS118"}  # fmt: skip


def _lozenge() -> Json:
    return {"kind": "lozenge", "occurred_at": ago(minutes=50), "unit_count": 1}


def _loss() -> Json:
    return {"kind": "loss_estimated", "occurred_at": ago(minutes=40), "amount_mg": 50, "reason": "Vomited."}


async def _session_for(stage: Stage, dose: Json) -> Json:
    return await stage.care.session(drug=dose["drug"], route=dose["route"])


def _given(dose: Json, *events: Any) -> Recipe:
    async def made(stage: Stage) -> Call:
        session = await _session_for(stage, dose)
        return Call({"session_id": session["id"]}, dose | {"events": [event() for event in events]})

    return made


def _happens(dose: Json, event: Any, *before: Any) -> Recipe:
    async def made(stage: Stage) -> Call:
        session = await _session_for(stage, dose)
        administration = await stage.care.administration(session, **dose, events=[one() for one in before])
        return Call({"administration_id": administration["id"]}, event())

    return made


SHAPES: Final[Mapping[str, Mapping[str, Recipe]]] = {
    "create_administration": {
        "IntravenousAdministration": _given(_INFUSION, lambda: start(50)),
        "InjectedAdministration": _given(_INJECTED, _injection),
        "MouthAdministration": _given(_BY_MOUTH, _lozenge),
        "SprayAdministration": _given(_SPRAYED, lambda: _spray("left", 50), lambda: _spray("right", 49)),
        "DeviceAdministration": _given(_DEVICES, lambda: _device(1, 50), lambda: _device(2, 44)),
    },
    "create_dose_event": {
        "FlowBegins": _happens(_INFUSION, lambda: start(50)),
        "FlowResumes": _happens(
            _INFUSION,
            lambda: {"kind": "resume", "occurred_at": ago(minutes=35), "rate_mg_per_min": 0.7},
            lambda: start(50),
            lambda: {"kind": "pause", "occurred_at": ago(minutes=38), "reason": "Nauseous."},
        ),
        "FlowRests": _happens(_INFUSION, lambda: stop(10), lambda: start(50)),
        "Bolus": _happens(_INFUSION, lambda: {"kind": "bolus", "occurred_at": ago(minutes=50), "amount_mg": 5}),
        "Injection": _happens(_INJECTED, _injection),
        "Spray": _happens(_SPRAYED, lambda: _spray("left", 50)),
        "Device": _happens(_DEVICES, lambda: _device(1, 50)),
        "Lozenge": _happens(_BY_MOUTH, _lozenge),
        "LossEstimated": _happens(_BY_MOUTH, _loss, _lozenge),
    },
}


# ── calling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Clock:
    """Shows one instant while a target is made, and another, a minute later, while the operation is called."""

    instant: datetime = AT

    def now(self) -> datetime:
        return self.instant


@contextmanager
def standing_still() -> Iterator[_Clock]:
    """One and the same time for everybody."""
    held = _Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", held.now)
        patch.setattr(care, "_BEGAN", AT)
        yield held


async def executed(installation: Installation, operations: Iterable[Operation]) -> Examples:
    """Call operations in each way the document shows, and say what was sent and answered.

    What looks over a whole clinic is called in one of its own. Fails unless an answer has the status the document
    promises; what it looks like, the client checks.
    """
    found: Examples = {}
    with standing_still() as held:
        async with AsyncExitStack() as stack:
            shared = await _scene(installation, stack)
            for operation in operations:
                looks_over_all = "{" not in operation.template and operation.body_schema is None
                alone = looks_over_all or operation.id == "search_patients" or "{clinic_id}" in operation.template
                scene = await _scene(installation, stack) if alone else shared
                found[operation.id] = await _called(operation, *scene, held)
    return found


async def _scene(installation: Installation, stack: AsyncExitStack) -> tuple[Stage, Callers]:
    clinic = await make_world(installation)
    stack.push_async_callback(clinic.close)
    return await stage_in(clinic), Callers(clinic, stack)


async def _called(operation: Operation, stage: Stage, callers: Callers, held: _Clock) -> dict[str, Json]:
    row = MATRIX[operation.id]
    caller = next(name for name in CALLERS if may(row, name) and (name == "nobody") == operation.is_public)
    http = await callers.named(caller, row)
    found: dict[str, Json] = {}
    for name, make in (SHAPES.get(operation.id) or {USUAL: RICHER.get(operation.id, RECIPES[operation.id])}).items():
        call = await make(stage)
        held.instant = AT + timedelta(minutes=1)
        answer = await call.send(http, operation)
        held.instant = AT
        assert answer.status_code == operation.success, f"{operation.id} {name}: {answer.status_code} {answer.text}"
        sent = call.body if call.body is not None else call.form
        told = answer.json() if answer.content and answer.headers["content-type"] == "application/json" else None
        found[name] = _made_alike(call, sent, told)
    return found


_ANY_DIGEST: Final = "0123456789abcdef" * 4
_RANDOM: Final = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|\b(?P<secret>k[a-z]{2}_)[A-Za-z0-9_-]{20,}"
    r"|\b(?P<digest>[0-9a-f]{64})\b"
    r"|(?P<mark>[ .]?\b[0-9a-f]{12,32}\b)"
    r"|(?P<tick>\.00000[0-9](?=Z$))"  # a record that changes several times at one instant
)


def _made_alike(call: Call, sent: object, told: Any) -> Json:
    """An example without what is random in it. The ids in its address are the ones the document shows there."""
    ids: dict[str, str] = {}

    def instead(match: re.Match[str]) -> str:
        match match.lastgroup:
            case "id":
                return ids.setdefault(match[0], f"0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d{len(ids) + 16:02x}")
            case "secret":
                return f"{match['secret']}{_ANY_DIGEST}"
            case "digest":
                return _ANY_DIGEST
            case _:
                return ""

    def alike(value: Any, name: str = "") -> Any:
        match value:
            case dict():
                return {key: alike(one, key) for key, one in value.items()}
            case list():
                return [alike(one) for one in value]
            case str() if name in {"cursor", "next_cursor"}:
                return "gAAAAABn"
            case str():
                return _RANDOM.sub(instead, value) or (value and "10293")
            case _:
                return value

    for value in call.ids.values():
        alike(value)
    if isinstance(told, dict) and "next_cursor" in told:
        told["items"] = told["items"][:_SHOWN_OF_A_LIST]  # a page may be short; a reader needs no more
    return {"request": alike(sent), "answer": alike(told)}


async def _record_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        installations = Installations(lambda _: f"sqlite+aiosqlite:///{folder}/examples.db")
        installation = installations.get("sqlite")
        found = await executed(installation, operations_of(installation.api.openapi()))
        await installations.close()
    FILE.write_text(json.dumps(dict(sorted(found.items())), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_record_all())
