"""Adding to what is signed: nothing is opened, the author signs at once, and what was touched is found."""

from uuid import UUID

from app.kernel.ids import new_id
from tests.proofs.care import Json, caring, path_of, version_header
from tests.treatment.signatures.test_routes import AMENDED, answer, behind_our_back, copied, touched
from tests.world import World

SAID: Json = {"text": "Vivid dreams on both nights after the session, no distress."}


async def test_an_addendum_is_signed_by_its_author_and_opens_nothing(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.again(await care.session_in("signed"))
    below = f"{path_of(session)}/addenda"
    own = str(new_id())
    added = await nurse.new(below, SAID | {"id": own})
    assert (added["id"], added["text"], added["after_signature"]) == (own, SAID["text"], True)
    assert await nurse.new(below, SAID | {"id": own}) == added, "sent again it is there already"
    second = await care.new(below, {"text": "Rang the patient."})
    assert await care.again(session) == session

    record = await care.record(session)
    assert record["addenda"] == [added, second]
    of_session, of_added, of_second = record["signatures"]
    assert (of_session["addendum_id"], of_session["superseded_at"]) == (None, None)
    assert (of_added["addendum_id"], of_second["addendum_id"]) == (added["id"], second["id"])
    assert (of_added["signer_id"], of_added["roles"]) == (added["recorded_by"], ["nurse"])
    assert (of_added["meaning"], of_added["cosigner"]) == ("author", "none")
    covered = {one["resource"]: (one["id"], one["version"], one["content_digest"]) for one in of_added["covers"]}
    for one in (session, added):
        (*_, last) = await care.history(one)
        assert covered[one["object"]] == (one["id"], one["version"], last["content_digest"])
    assert len(covered) == 2

    # Flat, by patient and by session, in its history, and in the feed.
    for name, value in (("session_id", session["id"]), ("patient_id", session["patient_id"])):
        assert await care.items("/v1/addenda", **{name: value}) == [second, added]
    assert [one["event"] for one in await care.history(added)] == ["addendum.added"]
    await clinic.database.sealer.seal()
    feed = (await care.get("/v1/changes", params={"limit": 1000}))["items"]
    (told,) = [one for one in feed if one["resource_id"] == added["id"]]
    assert (told["resource_type"], told["root_id"]) == ("addendum", session["id"])
    # Who co-signs then signs beside the session's signature, not beside an addendum's.
    await nurse.do(session, "cosign")
    assert (await care.record(session))["signatures"][-1]["covers"] == of_session["covers"]
    assert [one async for one in touched(clinic)] == []


async def test_what_can_be_written_into_the_session_is_no_addendum(clinic: World) -> None:
    care = await caring(clinic)
    discharged, signed = await care.session_in("discharged"), await care.session_in("signed")
    await care.do(signed, "amend", AMENDED)
    for session in (discharged, signed):
        told = await care.call("POST", f"{path_of(session)}/addenda", json=SAID, expect=409)
        assert told["code"] == "session-not-signed"
        assert "into the session itself" in told["detail"]
    assert await care.items("/v1/addenda") == []


async def test_an_addendum_is_taken_back_by_its_author_whatever_was_signed_since(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.session_in("signed")
    added = await nurse.new(f"{path_of(session)}/addenda", SAID)
    patched = await nurse.http.patch(path_of(added), json={"text": "Else."}, headers=version_header(added))
    assert patched.status_code == 405
    # An amendment leaves an addendum's signature alone; the one that closes it covers what was added, too.
    await care.do(session, "amend", AMENDED)
    await care.do(session, "sign")
    record = await care.record(session)
    superseded = {one["addendum_id"]: one["superseded_at"] for one in record["signatures"][:2]}
    assert superseded[added["id"]] is None
    assert superseded[None] is not None
    assert added["id"] in {one["id"] for one in record["signatures"][2]["covers"]}
    status, problem = await answer(care, added, "mark-entered-in-error", {"reason": "wrong patient"})
    assert (status, problem["code"]) == (403, "permission-denied")
    await nurse.void(added, "wrong patient")
    record = await care.record(session)
    assert (record["addenda"], {one["addendum_id"] for one in record["signatures"]}) == ([], {None})
    assert (await care.again(added))["entered_in_error"]["reason"] == "wrong patient"
    assert [one async for one in touched(clinic)] == []


async def test_whoever_touches_an_addendum_or_its_signature_is_found(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("signed")
    added, other = [await care.new(f"{path_of(session)}/addenda", SAID) for _ in range(2)]
    signature = next(one for one in (await care.record(session))["signatures"] if one["addendum_id"] == added["id"])

    async def found() -> set[tuple[str, str]]:
        return {(one.resource, str(one.id)) async for one in touched(clinic)}

    assert await found() == set()
    # One letter of it.
    swap = "UPDATE addendum SET text = replace(text, '{}', '{}') WHERE clinic_id = :clinic AND id = :id"
    one = {"id": UUID(added["id"])}
    await behind_our_back(clinic, swap.format("Vivid", "Livid"), **one)
    assert await found() == {("addendum", added["id"])}
    await behind_our_back(clinic, swap.format("Livid", "Vivid"), **one)
    # Its signature, moved to another addendum, to the session itself, and copied.
    move = "UPDATE signature SET addendum_id = {} WHERE clinic_id = :clinic AND id = :id"
    signed = {"id": UUID(signature["id"])}
    await behind_our_back(clinic, move.format(":other"), other=UUID(other["id"]), **signed)
    assert await found() == {("signature", signature["id"])}
    await behind_our_back(clinic, move.format("NULL"), **signed)
    assert await found() == {("signature", signature["id"])}
    await behind_our_back(clinic, move.format(":back"), back=UUID(added["id"]), **signed)
    assert await found() == set()
    copy = await copied(clinic, signature, addendum_id=other["id"])
    assert await found() == {("signature", copy)}
