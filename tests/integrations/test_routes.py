"""The feed over HTTP: order, filters, and what a reader may see in it."""

from tests.proofs.care import Care, Json, caring
from tests.world import World


async def feed(reader: Care, **params: object) -> Json:
    return await reader.get("/v1/changes", params=params)


async def a_day(care: Care) -> Json:
    """A session with a bit of everything, and a patient with a score."""
    patient = await care.patient()
    await care.weight(patient)
    session = await care.session_in("observing", await care.course(patient))
    await care.vitals(session)
    await care.phq9(patient, session_id=session["id"])
    await care.discharge(session)
    return session


async def test_it_is_gapless_and_in_the_order_things_were_recorded(clinic: World) -> None:
    care = await caring(clinic)
    await a_day(care)
    await clinic.database.sealer.seal()
    async with clinic.reading() as db:
        actor = db.info["actor"]
    whole = await feed(care, limit=1000)
    assert whole["latest_sequence"] == whole["next_after"]
    assert not whole["has_more"]
    recorded = [item["recorded_at"] for item in whole["items"]]
    assert recorded == sorted(recorded)
    page_by_page: list[Json] = []
    after = 0
    while True:
        page = await feed(care, after=after, limit=3)
        page_by_page += page["items"]
        assert page["next_after"] <= after + 3
        after = page["next_after"]
        if not page["has_more"]:
            break
    assert page_by_page == whole["items"]
    assert actor.clinic_id == clinic.id
    again = await feed(care, after=after)
    assert (again["items"], again["next_after"]) == ([], after)


async def test_the_position_moves_past_what_is_filtered_out(clinic: World) -> None:
    care = await caring(clinic)
    await a_day(care)
    await clinic.database.sealer.seal()
    only = await feed(care, resource_type=["vital_signs", "dose_event"], limit=1000)
    assert {item["resource_type"] for item in only["items"]} == {"vital_signs", "dose_event"}
    assert only["next_after"] == only["latest_sequence"]
    nothing = await feed(care, resource_type="unheard_of")
    assert (nothing["items"], nothing["next_after"]) == ([], nothing["latest_sequence"])


async def test_a_program_sees_what_its_scopes_allow(clinic: World) -> None:
    care = await caring(clinic)
    await a_day(care)
    await clinic.database.sealer.seal()
    expected = {
        "session:read": {
            "session",
            "plan_item",
            "dose_order",
            "administration",
            "dose_event",
            "vital_signs",
            "vital_slot",
        },
        "score:read": {"assessment"},
        "patient:read": {"patient"},
        "clinical:read": {"weight"},
        "alert:read": {"alert"},
        "course:read": {"course"},
        "schedule:read": {"session", "plan_item"},
    }
    for scope, allowed in expected.items():
        program = Care(await clinic.integrator(scope))
        answer = await feed(program, limit=1000, include="resource")
        seen = {item["resource_type"] for item in answer["items"]}
        assert seen, scope
        assert seen <= allowed, scope
        asked_for_more = await feed(program, limit=1000, resource_type=["assessment", "patient", "weight"])
        assert {item["resource_type"] for item in asked_for_more["items"]} <= allowed, scope


async def test_with_the_resource_as_it_is_now(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    reading = await care.vitals(session)
    await care.void(reading)
    await clinic.database.sealer.seal()
    plain = await feed(care, limit=1000)
    assert {item["resource"] for item in plain["items"]} == {None}
    full = await feed(care, limit=1000, include="resource")
    mine = [item for item in full["items"] if item["resource_id"] == reading["id"]]
    assert [(item["change"], item["version"]) for item in mine] == [("created", 1), ("voided", 2)]
    assert {item["resource"]["version"] for item in mine} == {2}, "both carry the state of now"
    assert mine[-1]["resource"]["entered_in_error"]["reason"] == "wrong patient"
    assert {(item["root_type"], item["root_id"]) for item in mine} == {("session", session["id"])}


async def test_what_is_not_yet_numbered_is_not_yet_there(clinic: World) -> None:
    care = await caring(clinic)
    await clinic.database.sealer.seal()
    before = await feed(care, limit=1000)
    await care.patient()
    assert await feed(care, limit=1000) == before
    await clinic.database.sealer.seal()
    after = await feed(care, after=before["next_after"])
    assert [item["event_type"] for item in after["items"]] == ["patient.registered"]
    assert after["items"][0]["sequence"] == before["latest_sequence"] + 1
