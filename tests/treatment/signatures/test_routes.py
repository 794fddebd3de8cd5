"""Signing, what it freezes, what stays free, opening it again; and finding what was touched behind our back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text

from app.kernel.ids import new_id
from app.treatment.signatures.queries import signature as signature_table
from app.treatment.signatures.verify import Finding, verify_clinic
from tests.proofs.care import Care, Json, ago, caring, path_of, start, version_header
from tests.proofs.recipes import UPDATES
from tests.world import World


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


async def test_an_amendment_keeps_both_and_is_signed_anew(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.session_in("observing")
    reading = await care.vitals(session, systolic_mmhg=141)
    session = await care.discharge(session)
    assert (await answer(care, session, "amend", {"reason": "Too early."}))[1]["code"] == "illegal-transition"
    (dose,) = (await care.record(session))["administrations"]
    await care.do(dose, "reconcile", {"wasted_mg": dose["unaccounted_mg"]})
    await care.do(session, "sign")
    late = await care.vitals(session)
    denied = await nurse.http.post(f"{path_of(session)}/amend", json={"reason": "x"}, headers=version_header(session))
    assert denied.status_code == 403
    amended = await care.do(session, "amend", {"reason": "The cuff was too small."})
    assert (amended["status"], amended["amended"], amended["signed_at"]) == ("discharged", True, None)
    await care.change(reading, {"systolic_mmhg": 131}, reason="device_error: cuff too small")
    await care.do(session, "sign")
    old, new = (await care.record(session))["signatures"]
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
    copy = new_id()
    columns = [column.name for column in signature_table.columns if column.name not in {"id", "session_id"}]
    listed = ", ".join(columns)
    await behind_our_back(
        clinic,
        f"INSERT INTO signature (id, session_id, {listed}) SELECT :copy, :session, {listed} FROM signature "
        "WHERE clinic_id = :clinic AND id = :id",
        copy=copy,
        session=UUID(other["id"]),
        **signed,
    )
    assert await found() == {("signature", str(copy))}
    gone = "DELETE FROM signature WHERE clinic_id = :clinic AND id = :id"
    await behind_our_back(clinic, gone, id=copy)
    assert await found() == set()
    (slot,) = [one for one in (await care.slots(session))["items"] if one["reading_id"] == reading["id"]]
    opened = "UPDATE vital_slot SET reading_id = NULL WHERE clinic_id = :clinic AND reading_id = :id"
    await behind_our_back(clinic, opened, **one)
    await behind_our_back(clinic, "DELETE FROM vital_signs WHERE clinic_id = :clinic AND id = :id", **one)
    assert await found() == {("vital_signs", reading["id"]), ("vital_slot", slot["id"])}
