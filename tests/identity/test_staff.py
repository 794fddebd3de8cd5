"""What administrators do, and what nobody may."""

import asyncio

import pytest

from app.kernel.ids import new_id
from tests.factories.identity import make_staff
from tests.world import World, http_client, linger_after


async def test_nobody_changes_their_own_rights(clinic: World) -> None:
    admin = await clinic.client("admin")
    me = f"/v1/staff/{clinic.administrator_id}"
    changed = await admin.patch(me, json={"roles": ["admin", "prescriber"]}, headers={"if-match": '"1"'})
    disabled = await admin.post(f"{me}/disable", headers={"if-match": '"1"'})
    assert [(one.status_code, one.json()["code"]) for one in (changed, disabled)] == [(409, "own-roles")] * 2
    renamed = await admin.patch(me, json={"name": "Dana O."}, headers={"if-match": '"1"'})
    assert renamed.status_code == 200


async def test_a_clinic_keeps_an_administrator(clinic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two administrators who disable each other at the same moment do not leave the clinic without one."""
    linger_after(monkeypatch, "app.identity.actions._require_may_change_rights")
    second = await clinic.make(make_staff, roles=["admin"])
    assert second.account_id is not None
    clinic._actors["second"] = await clinic.actor("admin")
    clinic._accounts["second"] = second.account_id
    first_admin = await clinic.client("admin")
    second_admin = http_client(clinic.installation.app, await clinic.token("second"))
    answers = await asyncio.gather(
        first_admin.post(f"/v1/staff/{second.id}/disable", headers={"if-match": '"1"'}),
        second_admin.post(f"/v1/staff/{clinic.administrator_id}/disable", headers={"if-match": '"1"'}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 409], [200, 503], [200, 401])
    alive = [one.status_code for one in (await first_admin.get("/v1/staff"), await second_admin.get("/v1/staff"))]
    assert alive.count(200) == 1


async def test_the_last_administrator_stays(clinic: World) -> None:
    """Not even the clinic's own hand removes them."""
    from app.identity.actions import disable_staff  # noqa: PLC0415
    from app.identity.rules import LastAdministrator  # noqa: PLC0415

    refused = False
    try:
        async with clinic.writing("system") as db:
            await disable_staff(db, clinic.system, clinic.administrator_id, 1)
    except LastAdministrator:
        refused = True
    assert refused


async def test_an_auditor_holds_no_other_role(clinic: World) -> None:
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["auditor", "nurse"]}
    refused = await admin.post("/v1/staff", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/roles")
    nurse = (await admin.post("/v1/staff", json=body | {"roles": ["nurse"]})).json()
    widened = await admin.patch(
        f"/v1/staff/{nurse['id']}", json={"roles": ["nurse", "auditor"]}, headers={"if-match": '"1"'}
    )
    assert widened.status_code == 422


async def test_a_login_name_is_unique_in_the_installation(clinic: World, other_clinic: World) -> None:
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
    assert (await (await clinic.client("admin")).post("/v1/staff", json=body)).status_code == 201
    taken = await (await other_clinic.client("admin")).post("/v1/staff", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "username-taken")


async def test_the_staff_of_another_clinic_is_not_there(clinic: World, other_clinic: World) -> None:
    theirs = await other_clinic.actor("nurse")
    admin = await clinic.client("admin")
    url = f"/v1/staff/{theirs.principal_id}"
    assert (await admin.get(url)).status_code == 404
    assert (await admin.patch(url, json={"name": "x"}, headers={"if-match": '"1"'})).status_code == 404
    assert (await admin.post(f"{url}/disable", headers={"if-match": '"1"'})).status_code == 404
    assert (await admin.post(f"{url}/invite", headers={"if-match": '"1"'})).status_code == 404
    assert (await admin.get(f"{url}/history")).status_code == 404


async def test_scopes_nobody_knows_are_refused_with_their_place(clinic: World) -> None:
    admin = await clinic.client("admin")
    answer = await admin.post("/v1/clients", json={"name": "x", "scopes": ["patient:read", "staff:write", "a:b"]})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/scopes/1", "#/scopes/2"]


async def test_history_tells_who_changed_roles(clinic: World) -> None:
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
    made = (await admin.post("/v1/staff", json=body)).json()
    await admin.patch(f"/v1/staff/{made['id']}", json={"roles": ["therapist"]}, headers={"if-match": '"1"'})
    first, second = (await admin.get(f"/v1/staff/{made['id']}/history")).json()["items"]
    assert (first["resource"]["roles"], second["resource"]["roles"]) == (["nurse"], ["therapist"])
    assert second["principal_id"] == str(clinic.administrator_id)


async def test_who_works_in_two_clinics_says_in_which(clinic: World, other_clinic: World) -> None:
    from sqlalchemy import select  # noqa: PLC0415

    from app.identity.actions import add_to_staff  # noqa: PLC0415
    from app.identity.models import Account  # noqa: PLC0415
    from app.identity.rules import Role  # noqa: PLC0415
    from app.identity.schemas import StaffCreate  # noqa: PLC0415

    await clinic.actor("nurse")
    account_id = clinic._accounts["nurse"]
    async with other_clinic.writing("system") as db:
        account = (await db.execute(select(Account).where(Account.id == account_id))).scalar_one()
        body = StaffCreate(username=account.username, name="Sam Levy", roles=[Role.THERAPIST])
        add_to_staff(db, other_clinic.system, body, account)
    nurse = await clinic.client("nurse")
    unsaid = await nurse.get("/v1/patients")
    assert (unsaid.status_code, unsaid.json()["code"]) == (400, "clinic-required")
    for world in (clinic, other_clinic):
        assert (await nurse.get("/v1/patients", headers={"clinic-id": str(world.id)})).status_code == 200
    elsewhere = await nurse.get("/v1/patients", headers={"clinic-id": str(new_id())})
    assert elsewhere.status_code == 403
    written = await nurse.post("/v1/patients", json={}, headers={"clinic-id": str(other_clinic.id)})
    assert written.status_code == 403  # a therapist there
