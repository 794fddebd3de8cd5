"""Signing, what it freezes, what stays free, opening it again; and finding what was touched behind our back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Uuid, bindparam, text

from app.kernel.ids import new_id
from app.treatment.signatures.queries import signature as signature_table
from app.treatment.signatures.verify import Finding, verify_clinic
from tests.proofs.care import GOES_HOME, Care, Json, ago, caring, path_of, start, version_header
from tests.proofs.recipes import UPDATES
from tests.world import World, linger_after


async def day(care: Care) -> tuple[Json, dict[str, Json]]:
    """A session that is over, and one record of each kind in it."""
    course = await care.course()
    session = await care.clear(await care.do(await care.session(course), "check-in"))
    order = await care.order(session)
    dose = await care.administration(
        session, events=[start(60), {"kind": "stop", "occurred_at": ago(minutes=20)}], drawn_mg=50
    )
    patient = {"object": "patient", "id": session["patient_id"]}
    inside = {
        "dose_order": order,
        "administration": dose,
        "dose_event": dose["events"][0],
        "vital_signs": await care.vitals(session),
        "dissociation_note": await care.dissociation(session),
        "assessment": await care.phq9(patient, session_id=session["id"]),
    }
    return await care.discharge(session), inside


async def answer(care: Care, record: Json, verb: str, body: Json) -> tuple[int, Json]:
    now = await care.again(record)
    told = await care.http.post(f"{path_of(record)}/{verb}", json=body, headers=version_header(now))
    return told.status_code, told.json()


async def test_what_is_signed_is_frozen_and_what_comes_later_is_free(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session, inside = await day(care)
    status, problem = await answer(care, session, "sign", {})
    assert (status, problem["code"]) == (409, "not-signable")
    dose = inside["administration"]
    assert [(one["code"], one["id"]) for one in problem["blockers"]] == [("unreconciled", dose["id"])]
    await care.do(dose, "reconcile", {"wasted_mg": (await care.again(dose))["unaccounted_mg"]})
    signed = await care.do(session, "sign", {"meaning": "author"})
    assert (signed["status"], signed["amended"], signed["signed_at"] is not None) == ("signed", False, True)
    record = await care.record(signed)
    (signature,) = record["signatures"]
    assert (signature["meaning"], signature["cosigner"], signature["roles"]) == ("author", "none", ["prescriber"])
    covered = {(one["resource"], one["id"]): one["version"] for one in signature["covers"]}
    assert covered[("session", session["id"])] == signed["version"]
    assert {(name, one["id"]) for name, one in inside.items()} <= covered.keys()
    assert len(covered) == 8  # with the stop
    digests = {one["id"]: one["content_digest"] for one in signature["covers"]}
    assert digests[session["id"]] == (await care.history(session))[-1]["content_digest"]

    # Frozen: every kind, by correction and as an error, and the session itself.
    for record in (session, *inside.values()):
        now = await care.again(record)
        headers = version_header(now) | {"Change-Reason": "correction"}
        if record["object"] in UPDATES:
            told = await care.http.patch(path_of(record), json=UPDATES[record["object"]], headers=headers)
            assert (told.status_code, told.json()["code"]) == (409, "record-signed"), record["object"]
        status, problem = await answer(care, record, "mark-entered-in-error", {"reason": "wrong patient"})
        assert (status, problem["code"]) == (409, "record-signed"), record["object"]
        assert (await care.again(record)) == now
    assert (await answer(care, dose, "reconcile", {"wasted_mg": 0}))[1]["code"] == "record-signed"

    # Free: a tablet's late readings, a note, a later score, an event nobody had told; each says when it came.
    late = [
        await nurse.vitals(session, measured_at=ago(minutes=30)),
        await nurse.dissociation(session),
        await nurse.phq9({"object": "patient", "id": session["patient_id"]}, session_id=session["id"]),
        await nurse.event(dose, {"kind": "rate_change", "occurred_at": ago(minutes=40), "rate_mg_per_min": 1}),
    ]
    assert [one["after_signature"] for one in late] == [True] * 4
    assert not any(
        one["after_signature"] for one in (await care.record(session))["vital_signs"] if one["id"] in digests
    )
    await nurse.change(late[0], {"systolic_mmhg": 139})

    # Nobody signs twice; a second person signs the very same.
    assert (await answer(care, session, "cosign", {}))[1]["code"] == "already-signer"
    assert (await answer(care, session, "sign", {}))[1]["code"] == "illegal-transition"
    await nurse.do(session, "cosign", {})
    first, second = (await care.record(session))["signatures"]
    assert (second["cosignature"], second["covers"], second["digest"] != first["digest"]) == (
        True,
        first["covers"],
        True,
    )
    assert [one async for one in touched(clinic)] == []


AMENDED: Json = {"reason": "The cuff was too small."}


async def a_signed_day(care: Care) -> tuple[Json, Json]:
    """A signed session, and a reading in it."""
    session = await care.session_in("observing")
    reading = await care.vitals(session, systolic_mmhg=141)
    session = await care.discharge(session)
    (dose,) = (await care.record(session))["administrations"]
    await care.do(dose, "reconcile", {"wasted_mg": dose["unaccounted_mg"]})
    return await care.do(session, "sign"), reading


async def test_correction_keeps_the_session_signed_with_an_amended_mark_and_asks_for_a_cosigner(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session, reading = await a_signed_day(care)
    late = await care.vitals(session)
    refused = await care.http.patch(path_of(reading), json={"systolic_mmhg": 131}, headers=version_header(reading))
    assert (refused.status_code, refused.json()["code"]) == (409, "record-signed")
    amended = await care.do(session, "amend", AMENDED)
    assert (amended["status"], amended["amended"], amended["signed_at"]) == ("signed", True, session["signed_at"])
    assert (amended["amendment_opened_at"] is not None, amended["amendment_reason"]) == (True, AMENDED["reason"])

    # It is signed wherever it shows, and open; its signature stands, and verifies, until another takes its place.
    opened = await care.record(session)
    (row,) = await care.items("/v1/sessions", status="signed", course_id=session["course_id"])
    screen = await care.get(f"{path_of(session)}/chairside")
    for shown in (opened, row, screen["session"]):
        assert (shown["status"], shown["amendment_opened_at"]) == ("signed", amended["amendment_opened_at"])
    assert [one["superseded_at"] for one in opened["signatures"]] == [None]
    allowed = {action["verb"] for action in screen["allowed_actions"] if action["allowed"]}
    assert allowed == {"sign", "mark-entered-in-error"}
    assert [one async for one in touched(clinic)] == []
    for verb, body in (("amend", AMENDED), ("cosign", {})):
        for one in (care, nurse):
            status, problem = await answer(one, session, verb, body)
            assert (status, problem["code"], problem["current_status"]) == (409, "illegal-transition", "signed")
            assert problem["allowed"] == ["signed"]
    why = {"reason": "Asked to."}
    for verb, body in (("discharge", GOES_HOME), ("abort", why), ("hold", why), ("cancel", why)):
        status, problem = await answer(care, session, verb, body)
        assert (status, problem["code"]) == (409, "illegal-transition"), verb

    # What is corrected, and what is added, the coming signature covers.
    await care.change(reading, {"systolic_mmhg": 131}, reason="device_error: cuff too small")
    added = await nurse.vitals(session, measured_at=ago(minutes=35))
    assert added["after_signature"] is False
    signed = await care.do(session, "sign")
    assert (signed["amended"], signed["amendment_opened_at"], signed["amendment_reason"]) == (True, None, None)
    assert signed["signed_at"] > session["signed_at"]
    old, new = (await care.record(session))["signatures"]
    assert added["id"] in {one["id"] for one in new["covers"]}
    # What was corrected is looked at by a second person.
    assert (signed["cosigner_due"], new["cosigner"]) == ("any", "any")
    cosigned = await nurse.do(session, "cosign")
    assert (cosigned["status"], cosigned["amended"], cosigned["cosigner_due"]) == ("signed", True, None)
    old, new, beside = (await care.record(session))["signatures"]
    assert (beside["cosignature"], beside["covers"]) == (True, new["covers"])
    assert (old["superseded_reason"], new["superseded_at"], new["cosigner"]) == ("The cuff was too small.", None, "any")
    versions = [{one["id"]: one["version"] for one in signature["covers"]} for signature in (old, new)]
    assert (versions[0][reading["id"]], versions[1][reading["id"]]) == (1, 2)
    assert [one["resource"]["systolic_mmhg"] for one in await care.history(reading)] == [141, 131]
    # What came after the first signature is covered by the second, and frozen by it.
    assert late["id"] in versions[1]
    headers = version_header(late) | {"Change-Reason": "correction"}
    told = await care.http.patch(path_of(late), json={"systolic_mmhg": 120}, headers=headers)
    assert (told.status_code, told.json()["code"]) == (409, "record-signed")
    assert [one async for one in touched(clinic)] == []


async def test_a_cosignature_is_waited_for_until_somebody_who_fits_has_given_it(clinic: World) -> None:
    care, nurse, other = await caring(clinic), await caring(clinic, "nurse"), await caring(clinic, "prescriber.2")
    asks = {"code": "cosignature_required", "value": "prescriber", "reason": "Our own rule."}
    await (await caring(clinic, "admin")).new("/v1/policies", asks)
    first, second = [(await a_signed_day(care))[0] for _ in range(2)]

    async def waiting() -> list[tuple[str, str]]:
        (listed,) = (await care.get("/v1/worklist", params={"kind": "cosignature_due"}))["lists"]
        for one in listed["items"]:
            assert (one["resource_type"], one["due_at"] is not None) == ("session", True)
        return [(one["session_id"], one["code"]) for one in listed["items"]]

    assert first["cosigner_due"] == "prescriber"
    assert await waiting() == [(first["id"], "prescriber"), (second["id"], "prescriber")], "the longest waiting first"
    # Whoever signed is no second person; who does not fit signs beside all the same, and it goes on waiting.
    assert (await answer(care, first, "cosign", {}))[1]["code"] == "already-signer"
    beside = await nurse.do(first, "cosign")
    assert (beside["cosigner_due"], beside["version"]) == ("prescriber", first["version"])
    assert (await waiting())[0] == (first["id"], "prescriber")
    done = await other.do(first, "cosign")
    assert done["cosigner_due"] is None
    assert (await care.record(first))["cosigner_due"] is None
    assert (await care.history(first))[-1]["event"] == "session.cosigned"
    assert await waiting() == [(second["id"], "prescriber")]
    # The policy of the moment of signing counts, and what is open to an amendment is asked about anew.
    await care.do(second, "amend", AMENDED)
    assert await waiting() == []
    await care.do(second, "sign")
    assert await waiting() == [(second["id"], "any")]
    await care.do(second, "amend", AMENDED)
    await care.void(second)
    assert await waiting() == []
    assert [one async for one in touched(clinic)] == []


async def test_a_nurse_amends_what_she_signed_herself(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session, reading = await a_signed_day(care)
    await nurse.do(session, "cosign")
    status, problem = await answer(nurse, session, "amend", AMENDED)
    assert (status, problem["code"], problem["permission"]) == (403, "permission-denied", "session:amend")
    assert (await care.again(session))["amendment_opened_at"] is None
    await care.do(session, "amend", AMENDED)
    await nurse.change(reading, {"systolic_mmhg": 131}, reason="device_error: cuff too small")
    await nurse.do(session, "sign")
    assert [one["superseded_at"] is None for one in (await care.record(session))["signatures"]] == [False, False, True]
    assert (await nurse.do(session, "amend", AMENDED))["amendment_opened_at"] is not None
    await care.do(session, "sign")
    assert (await answer(nurse, session, "amend", AMENDED))[0] == 403, "her signature stands no longer"


async def test_of_two_tablets_that_amend_at_once_one_does(clinic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    care = await caring(clinic)
    session = await care.session_in("signed")
    linger_after(monkeypatch, "app.treatment.signatures.actions.one_for_update")
    path, headers = f"{path_of(session)}/amend", version_header(session)
    answers = await asyncio.gather(*(care.http.post(path, json=AMENDED, headers=headers) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200, 412]
    assert [one["event"] for one in await care.history(session)].count("session.amended") == 1


async def test_a_signed_session_that_should_not_be_is_opened_first(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("signed")
    assert (await answer(care, session, "mark-entered-in-error", {"reason": "wrong patient"}))[1]["code"] == (
        "record-signed"
    )
    await care.do(session, "amend", AMENDED)
    await care.void(session)
    (signature,) = (await care.record(session))["signatures"]
    assert signature["superseded_reason"] == "Entered in error: wrong patient"
    assert [one async for one in touched(clinic)] == []


# ── what was touched ─────────────────────────────────────────────────────────────────────────────────────────────────


async def touched(clinic: World) -> AsyncIterator[Finding]:
    await clinic.database.sealer.seal()
    async for checked in verify_clinic(clinic.database, clinic.system):
        for finding in checked.findings:
            yield finding


async def behind_our_back(clinic: World, statement: str, **values: Any) -> None:
    """A statement nobody's hook sees, in this clinic."""
    uuids = [
        bindparam(name, type_=Uuid()) for name in ("clinic", *(n for n, v in values.items() if isinstance(v, UUID)))
    ]
    async with clinic.database.writer.begin() as connection:
        await connection.execute(text(statement).bindparams(*uuids), {"clinic": clinic.id, **values})


async def copied(clinic: World, signature: Json, **moved: str) -> str:
    """A copy of a signature, as if it were of something else."""
    copy = new_id()
    values = {"id": copy, **{name: UUID(value) for name, value in moved.items()}}
    listed = ", ".join(column.name for column in signature_table.columns if column.name not in values)
    given, names = ", ".join(f":{name}_" for name in values), ", ".join(values)
    await behind_our_back(
        clinic,
        f"INSERT INTO signature ({names}, {listed}) SELECT {given}, {listed} FROM signature "
        "WHERE clinic_id = :clinic AND id = :one",
        one=UUID(signature["id"]),
        **{f"{name}_": value for name, value in values.items()},
    )
    return str(copy)


@asynccontextmanager
async def without_triggers(clinic: World) -> AsyncIterator[None]:
    """The ledger with its walls down, as for somebody who owns the database."""
    async with clinic.database.writer.begin() as connection:
        if clinic.database.dialect == "postgresql":
            await connection.execute(text("ALTER TABLE change DISABLE TRIGGER change_refuses_update"))
        else:
            made = "SELECT sql FROM sqlite_master WHERE name = 'change_refuses_update' AND 'clinic_id' = 'clinic_id'"
            trigger = (await connection.execute(text(made))).scalar_one()
            await connection.execute(text("DROP TRIGGER change_refuses_update"))
    try:
        yield
    finally:
        async with clinic.database.writer.begin() as connection:
            if clinic.database.dialect == "postgresql":
                await connection.execute(text("ALTER TABLE change ENABLE TRIGGER change_refuses_update"))
            else:
                await connection.exec_driver_sql(trigger)


async def test_whoever_touches_a_row_is_found(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("signed")
    reading = await care.vitals(session)
    other = await care.session()
    (signature,) = (await care.record(session))["signatures"]

    async def found() -> set[tuple[str, str]]:
        return {(one.resource, str(one.id)) async for one in touched(clinic)}

    assert await found() == set()
    # One byte of a reading.
    one = {"id": UUID(reading["id"])}
    of_reading = "UPDATE vital_signs SET systolic_mmhg = systolic_mmhg + {} WHERE clinic_id = :clinic AND id = :id"
    await behind_our_back(clinic, of_reading.format(1), **one)
    assert await found() == {("vital_signs", reading["id"])}
    await behind_our_back(clinic, of_reading.format(-1), **one)
    # One letter of what the ledger keeps.
    swap = "UPDATE change SET content = replace(content, '{}', '{}') WHERE clinic_id = :clinic AND resource_id = :id"
    async with without_triggers(clinic):
        await behind_our_back(clinic, swap.format("manual", "Manual"), **one)
        assert await found() == {("vital_signs", reading["id"])}
        await behind_our_back(clinic, swap.format("Manual", "manual"), **one)
    # A signature moved to another session, and a copy of one.
    signed = {"id": UUID(signature["id"])}
    move = "UPDATE signature SET session_id = :session WHERE clinic_id = :clinic AND id = :id"
    await behind_our_back(clinic, move, session=UUID(other["id"]), **signed)
    assert await found() == {("signature", signature["id"])}
    await behind_our_back(clinic, move, session=UUID(session["id"]), **signed)
    copy = await copied(clinic, signature, session_id=other["id"])
    assert await found() == {("signature", copy)}
    gone = "DELETE FROM signature WHERE clinic_id = :clinic AND id = :id"
    await behind_our_back(clinic, gone, id=UUID(copy))
    assert await found() == set()
    (slot,) = [one for one in (await care.slots(session))["items"] if one["reading_id"] == reading["id"]]
    opened = "UPDATE vital_slot SET reading_id = NULL WHERE clinic_id = :clinic AND reading_id = :id"
    await behind_our_back(clinic, opened, **one)
    await behind_our_back(clinic, "DELETE FROM vital_signs WHERE clinic_id = :clinic AND id = :id", **one)
    assert await found() == {("vital_signs", reading["id"]), ("vital_slot", slot["id"])}
