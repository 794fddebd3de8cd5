"""Every route in its own words: what is told, what it comes to, what is odd, what asks and what is refused."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dosing import schemas
from app.dosing.limits import load_limits, shipped_limits
from app.dosing.rules import (
    DEVICES,
    TOLD_OF,
    VARIANTS,
    DeviceFacts,
    DeviceUse,
    DoseEvent,
    DoseEventKind,
    NotWholeDevices,
    amount_of_units,
    deliver,
    device_deviations,
    devices_in,
    limits_for,
    reconcile,
    require_whole_devices,
)
from app.kernel.data_files import DataFileError
from app.protocols.catalogue import shipped_protocols
from app.sessions.rules import ROUTES_OF
from tests.dosing.test_rules import at, timeline
from tests.proofs.care import Care, Json, ago, caring, fresh_key, path_of, start, stop, version_header
from tests.world import World

K = DoseEventKind
DEVICE: Final = DeviceFacts(Decimal(28), 2, 5, "made up for this test")


# ── the shapes and the rules agree ───────────────────────────────────────────────────────────────────────────────────

SHAPES: Final = {
    "infusion": schemas.IntravenousAdministration,
    "injections": schemas.InjectedAdministration,
    "lozenges": schemas.MouthAdministration,
    "sprays": schemas.SprayAdministration,
    "devices": schemas.DeviceAdministration,
}
EVENTS: Final = (
    schemas.FlowBegins,
    schemas.FlowResumes,
    schemas.FlowRests,
    schemas.Bolus,
    schemas.Injection,
    schemas.Spray,
    schemas.Device,
    schemas.Lozenge,
    schemas.LossEstimated,
)


def test_a_shape_has_the_members_of_its_variant() -> None:
    common = set(schemas.AdministrationCreate.model_fields) | {"drug", "route", "events"}
    for variant in VARIANTS:
        assert set(SHAPES[variant.name].model_fields) - common == variant.members
    every = set().union(*(variant.members for variant in VARIANTS))
    assert every <= set(schemas.AdministrationUpdate.model_fields)
    assert set(TOLD_OF) <= set(schemas.DoseEventUpdate.model_fields)


def test_an_event_s_shape_has_the_members_of_its_kind() -> None:
    common = set(schemas.DoseEventCreate.model_fields) | {"kind"}
    seen: set[str] = set()
    for shape in EVENTS:
        for kind in shape.model_fields["kind"].annotation.__args__:  # type: ignore[union-attr]
            seen.add(kind)
            assert set(shape.model_fields) - common == {name for name, kinds in TOLD_OF.items() if kind in kinds}, kind
    assert seen == set(DoseEventKind)


def test_every_way_of_giving_has_a_form_and_limits() -> None:
    ways = {(drug, route) for drug, routes in ROUTES_OF.items() for route in routes}
    assert {(variant.drug, route) for variant in VARIANTS for route in variant.routes} == ways
    assert set(shipped_limits().by_route) == {(drug.value, route.value) for drug, route in ways}


def test_a_limit_is_not_misspelt(tmp_path: Path) -> None:
    path = Path("app/dosing/data/DOSE_LIMITS@1.json")
    (copy := tmp_path / path.name).write_text(path.read_text().replace('"max_mg_per_kg": 0.9', '"max_mg_pro_kg": 0.9'))
    with pytest.raises(DataFileError):
        load_limits(copy)


def test_a_protocol_s_own_limits_come_first_and_lift_no_hard_one() -> None:
    shipped = shipped_limits().by_route["ketamine", "subcutaneous"]
    own = shipped_protocols()["KET_IV_6x3W", 1].limits
    both = limits_for(shipped, own)
    assert (both.max_mg_per_kg, both.minimum_minutes) == (own.max_mg_per_kg, own.minimum_minutes)
    assert limits_for(shipped, None) == shipped
    esketamine = shipped_limits().by_route["esketamine", "intranasal"]
    assert limits_for(esketamine, own).hard_max_mg == 84


# ── arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("mg", "devices"), [("28", 1), ("56", 2), ("84", 3), ("112", 4), ("0", 0), ("50", None)])
def test_devices_are_whole(mg: str, devices: int | None) -> None:
    assert devices_in(DEVICE, Decimal(mg)) == devices
    if devices is None:
        with pytest.raises(NotWholeDevices) as refused:
            require_whole_devices(DEVICE, {"drawn_mg": Decimal(mg), "wasted_mg": None, "returned_mg": Decimal(28)})
        assert [fault.pointer for fault in refused.value.faults] == ["#/drawn_mg"]


def test_units_times_strength() -> None:
    assert amount_of_units(Decimal("1.5"), Decimal(100)) == 150
    assert str(amount_of_units(Decimal("0.25"), Decimal("33.333"))) == "8.333"


def test_a_loss_was_given_all_the_same() -> None:
    taken = [*timeline((0, K.LOZENGE, "100")), DoseEvent(K.LOSS_ESTIMATED, at(5), 9, amount_mg=Decimal(60))]
    delivery = deliver(taken)
    assert (delivery.delivered_mg, delivery.lost_mg, delivery.stopped_at) == (100, 60, at(0))
    assert delivery.deviations == ("loss_estimated",)
    more = deliver([*taken, DoseEvent(K.LOSS_ESTIMATED, at(6), 10, amount_mg=Decimal(60))])
    assert more.deviations == ("loss_estimated", "loss_above_dose")


def device(minutes: float, second: float | None = 0.5, **use: Any) -> DoseEvent:
    """A device as it should be used, unless said otherwise."""
    sides = {"nostril": "left", "second_nostril": "right"}
    how = DeviceUse(**{**sides, **use}, second_spray_at=None if second is None else at(minutes + second))
    return DoseEvent(K.DEVICE, at(minutes), int(minutes * 10), amount_mg=Decimal(28), spray=how)


@pytest.mark.parametrize(
    ("events", "odd"),
    [
        ([device(0), device(5.5), device(11)], ()),
        ([device(0), device(5.4)], ("rest_too_short",)),
        ([device(5.4), device(0)], ("rest_too_short",)),
        ([device(0, None), device(5)], ("second_spray_not_recorded",)),
        ([device(0, nostril="right")], ("same_nostril_twice",)),
        ([device(0, nostril=None, second_nostril=None)], ()),
        ([device(0, number=1), device(6, number=1)], ("device_number_repeated",)),
        ([device(0, leaked=True, blew_nose=True)], ("device_leaked", "nose_blown")),
        ([device(0, leaked=False, blew_nose=False)], ()),
    ],
)
def test_how_a_device_was_used(events: list[DoseEvent], odd: tuple[str, ...]) -> None:
    assert device_deviations(events, DEVICE) == odd
    assert deliver(events).delivered_mg == 28 * len(events)


amounts = st.integers(1, 200_000).map(lambda thousandths: Decimal(thousandths) / 1000)


@given(data=st.data(), variant=st.sampled_from(VARIANTS))
def test_doses_reconcile_for_every_route(data: st.DataObject, variant: Any) -> None:
    """Whatever is given by whatever route, what was drawn less what is left is what was given."""
    events: list[DoseEvent] = []
    expected = Decimal(0)
    giving = sorted(variant.kinds & {K.BOLUS, K.INJECTION, K.SPRAY, K.DEVICE, K.LOZENGE})
    for number, kind in enumerate(data.draw(st.lists(st.sampled_from(giving), min_size=1, max_size=6))):
        amount = Decimal(28) if kind is K.DEVICE else data.draw(amounts)
        expected += amount
        events.append(DoseEvent(kind, at(number * 6), number, amount_mg=amount))
    if K.LOSS_ESTIMATED in variant.kinds:
        events.append(DoseEvent(K.LOSS_ESTIMATED, at(1), 99, amount_mg=data.draw(amounts)))
    delivered = deliver(data.draw(st.permutations(events))).delivered_mg
    assert delivered == expected
    wasted, returned = (Decimal(28), Decimal(56)) if variant is DEVICES else (data.draw(amounts), data.draw(amounts))
    drawn = expected + wasted + returned
    assert reconcile(drawn, delivered, wasted, returned).reconciled
    assert reconcile(drawn, delivered, wasted, None).unaccounted_mg == returned
    if variant is DEVICES:
        require_whole_devices(DEVICE, {"drawn_mg": drawn, "delivered_mg": delivered})


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────

INTRAVENOUS: Final[Json] = {
    "drug": "ketamine",
    "route": "intravenous",
    "concentration_mg_per_ml": 10,
    "access_site": "left forearm",
    "catheter_gauge": 22,
    "diluent": "sodium chloride 0.9 %",
    "bag_total_ml": 100,
    "infiltration": False,
    "pump": "pump 3",
    "events": [start(60), stop(20)],
    "drawn_mg": 50,
    "wasted_mg": 8.8,
}


def injected(route: str) -> Json:
    """Two injections."""
    given_at = ({"occurred_at": ago(minutes=m), "kind": "injection"} for m in (40, 20))
    first, second = given_at
    return {
        "drug": "ketamine",
        "route": route,
        "concentration_mg_per_ml": 50,
        "events": [
            first | {"amount_mg": 35, "volume_ml": 0.7, "body_site": "deltoid", "side": "left"},
            second | {"amount_mg": 10, "body_site": "abdomen"},
        ],
        "drawn_mg": 50,
        "returned_mg": 5,
    }


def by_mouth(route: str) -> Json:
    """A troche and a half, some of it lost."""
    return {
        "drug": "ketamine",
        "route": route,
        "form": "troche",
        "unit_strength_mg": 100,
        "hold_minutes": 10,
        "disposition": "spit",
        "observer_present": True,
        "peer_monitor_name": "R. Rivera",
        "dispensed_units": 6,
        "remaining_units": 4.5,
        "days_supply": 28,
        "events": [
            {"kind": "lozenge", "occurred_at": ago(minutes=40), "unit_count": 1},
            {"kind": "lozenge", "occurred_at": ago(minutes=25), "unit_count": 0.5, "disposition": "swallow"},
            {"kind": "loss_estimated", "occurred_at": ago(minutes=20), "amount_mg": 30, "reason": "Vomited."},
        ],
        "drawn_mg": 200,
        "returned_mg": 50,
    }


SPRAYS: Final[Json] = {
    "drug": "ketamine",
    "route": "intranasal",
    "concentration_mg_per_ml": 100,
    "events": [
        {"kind": "spray", "occurred_at": ago(minutes=30), "amount_mg": 10, "nostril": "left"},
        {"kind": "spray", "occurred_at": ago(minutes=29), "amount_mg": 10, "nostril": "right"},
    ],
    "drawn_mg": 20,
}


def used(minutes_ago: float, number: int | None = None, **more: Any) -> Json:
    """One device, used as it should be."""
    return {
        "kind": "device",
        "occurred_at": ago(minutes=minutes_ago),
        "nostril": "left",
        "second_spray_at": ago(minutes=minutes_ago - 0.5),
        "second_nostril": "right",
        "lot": "23KS118",
        "expires_on": "2027-06-30",
        **({} if number is None else {"device_number": number}),
        **more,
    }


def in_devices(*events: Json, **more: Any) -> Json:
    """Esketamine."""
    return {"drug": "esketamine", "route": "intranasal", "self_administered": True, "events": list(events), **more}


EVERY_ROUTE: Final[Mapping[str, tuple[Json, float]]] = {
    "intravenous": (INTRAVENOUS, 41.2),
    "intramuscular": (injected("intramuscular"), 45),
    "subcutaneous": (injected("subcutaneous"), 45),
    "sublingual": (by_mouth("sublingual"), 150),
    "oral": (by_mouth("oral"), 150),
    "intranasal": (SPRAYS, 20),
    "devices": (in_devices(used(60, 1), used(54, 2), supervised_by="S. Levy", drawn_mg=84, wasted_mg=28), 56),
}


async def visit(care: Care, body: Json, state: str = "cleared", **of_course: Any) -> Json:
    """A visit for this drug and route, in this state."""
    course = await care.course(**of_course)
    session = await care.session(course, drug=body["drug"], route=body["route"])
    if state == "cleared":
        await care.do(session, "check-in")
        return await care.clear(session)
    return session


@pytest.mark.parametrize("which", EVERY_ROUTE)
async def test_every_route_is_told_reckoned_reconciled_and_read_back(clinic: World, which: str) -> None:
    body, delivered = EVERY_ROUTE[which]
    care = await caring(clinic)
    session = await visit(care, body)
    told = {name: value for name, value in body.items() if name != "events"}
    made = await care.administration(session, **body)
    assert made["delivered_mg"] == delivered
    assert (made["unaccounted_mg"], made["reconciled"], made["state"]) == (0, True, "stopped")
    assert {name: made[name] for name in told} == told
    for sent, kept in zip(body["events"], made["events"], strict=True):
        assert {name: kept[name] for name in sent} == sent
    now = await care.again(session)
    assert (now["status"], now["deviations"], now["started_at"]) == ("observing", [], body["events"][0]["occurred_at"])
    (shown,) = (await care.record(session))["administrations"]
    assert shown == made
    (past,) = (await care.record(session, as_of=now["updated_at"]))["administrations"]
    assert past["delivered_mg"] == delivered
    *_, last = await care.history(made)
    assert last["resource"]["delivered_mg"] == delivered


async def test_what_a_lozenge_leaves_open_is_as_the_administration_says(clinic: World) -> None:
    care = await caring(clinic)
    body, _ = EVERY_ROUTE["sublingual"]
    made = await care.administration(await visit(care, body), **body)
    first, second, _ = made["events"]
    assert (first["amount_mg"], first["hold_minutes"], first["disposition"]) == (100, 10, "spit")
    assert (second["amount_mg"], second["hold_minutes"], second["disposition"]) == (50, 10, "swallow")
    assert made["estimated_loss_mg"] == 30
    assert "loss_estimated" in made["deviations"]
    await care.change(second, {"unit_count": 1})
    assert (await care.again(made))["delivered_mg"] == 200
    told_otherwise = await care.change(second, {"amount_mg": 40})
    assert (told_otherwise["unit_count"], (await care.again(made))["delivered_mg"]) == (None, 140)


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({**SPRAYS, "pump": "pump 3"}, "#/pump", "unknown_member"),
        ({**INTRAVENOUS, "form": "troche"}, "#/form", "unknown_member"),
        ({**SPRAYS, "events": [start(10)]}, "#/events/0/kind", "not_in_set"),
        (in_devices(used(60, amount_mg=14)), "#/events/0/amount_mg", "unknown_member"),
        ({**INTRAVENOUS, "events": [start(60), SPRAYS["events"][0]]}, "#/events/1/kind", "not_in_set"),
        ({**INTRAVENOUS, "drug": "esketamine"}, "#/route", "not_given_this_way"),
        (in_devices(used(60), drawn_mg=50), "#/drawn_mg", "not_whole_devices"),
        (in_devices(started_at=ago(hours=1), delivered_mg=50), "#/delivered_mg", "not_whole_devices"),
        (in_devices(used(60, second_spray_at=ago(minutes=61))), "#/events/0/second_spray_at", "end_before_start"),
        (
            {
                "drug": "ketamine",
                "route": "oral",
                "events": [{"kind": "lozenge", "occurred_at": ago(), "unit_count": 1}],
            },
            "#/events/0/amount_mg",
            "required",
        ),
    ],
)
async def test_what_does_not_belong_is_refused_by_name(clinic: World, body: Json, pointer: str, rule: str) -> None:
    care = await caring(clinic)
    session = await care.session()
    answer = await care.http.post(f"{path_of(session)}/administrations", json=body, headers=fresh_key())
    assert answer.status_code == 422, answer.text
    assert (pointer, rule) in {(one["pointer"], one["code"]) for one in answer.json()["errors"]}, answer.text
    assert await care.items("/v1/administrations", session_id=session["id"]) == []


async def test_an_event_or_a_correction_of_another_kind_is_refused(clinic: World) -> None:
    care = await caring(clinic)
    made = await care.administration(await visit(care, SPRAYS), **SPRAYS)
    answer = await care.http.post(f"{path_of(made)}/events", json=used(10), headers=fresh_key())
    assert (answer.status_code, answer.json()["code"]) == (422, "not-of-this-kind")
    assert answer.json()["errors"][0]["pointer"] == "#/kind"
    for record, body in ((made, {"pump": "pump 3"}), (made["events"][0], {"unit_count": 1})):
        answer = await care.http.patch(path_of(record), json=body, headers=version_header(record))
        (name,) = body
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"#/{name}")
    assert await care.again(made) == made


async def test_drug_and_route_are_planned_only_as_they_are_given(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    body = {"drug": "esketamine", "route": "intravenous"}
    answer = await care.http.post(f"{path_of(course)}/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not-given-this-way")
    assert answer.json()["errors"][0]["pointer"] == "#/route"


async def test_a_second_device_follows_a_rest(clinic: World) -> None:
    care = await caring(clinic)
    session = await visit(care, in_devices())
    made = await care.administration(session, **in_devices(used(60, 1), drawn_mg=56))
    first = await care.again(session)
    assert (first["status"], first["started_at"], first["last_dose_at"]) == (
        "observing",
        ago(minutes=60),
        ago(minutes=60),
    )
    await care.event(made, used(54.5, 2))
    second, now = await care.again(session), await care.again(made)
    assert (now["delivered_mg"], now["devices_used"], now["reconciled"]) == (56, 2, True)
    assert (second["status"], second["last_dose_at"], second["dosing_ended_at"]) == (
        "observing",
        ago(minutes=54.5),
        ago(minutes=54.5),
    )
    assert "rest_too_short" not in now["deviations"]
    await care.event(made, used(54, 3))
    assert "rest_too_short" in (await care.again(made))["deviations"]
    # Drug that flows again, by whatever route, brings dosing back.
    await care.administration(session, events=[start(30)])
    assert (await care.again(session))["status"] == "dosing"


async def test_a_fourth_device_really_given_is_recorded_with_an_alert(clinic: World) -> None:
    care = await caring(clinic)
    session = await visit(care, in_devices())
    order = await care.order(session, ordered_devices=3)
    assert (order["ordered_mg"], order["ordered_devices"]) == (84, 3)
    made = await care.administration(session, **in_devices(used(60, 1), used(54, 2), used(48, 3), drawn_mg=84))
    assert (made["delivered_mg"], made["deviations"], await care.alerts_of(made)) == (84, [], [])
    fourth = await care.event(made, used(42, 4))
    now = await care.again(made)
    assert (now["delivered_mg"], now["devices_used"]) == (112, 4)
    assert now["deviations"] == ["more_than_ordered", "above_hard_max_mg"]
    (alert,) = await care.alerts_of(made)
    assert (alert["code"], alert["status"], alert["severity"]) == ("dose-limit-exceeded", "open", "urgent")
    await care.event(made, used(36, 5))
    assert len(await care.alerts_of(made)) == 1
    await care.void((await care.again(made))["events"][4])
    assert [one["status"] for one in await care.alerts_of(made)] == ["open"]
    await care.void(fourth)
    assert (await care.again(made))["deviations"] == []
    assert [one["status"] for one in await care.alerts_of(made)] == ["resolved"]


async def test_an_esketamine_order_above_the_label_is_refused(clinic: World) -> None:
    care = await caring(clinic)
    session = await visit(care, in_devices(), "scheduled")
    path = f"{path_of(session)}/dose-orders"
    for body, member in (({"ordered_devices": 4}, "ordered_devices"), ({"ordered_mg": 112}, "ordered_mg")):
        for confirm in ([], ["above_hard_max_mg"]):
            answer = await care.http.post(path, json=body | {"confirm": confirm})
            shown = answer.json()
            assert (answer.status_code, shown["code"], shown["limit_mg"]) == (409, "dose-limit-exceeded", 84)
            assert shown["errors"][0]["pointer"] == f"#/{member}"
    assert (await care.order(session, ordered_mg=84))["ordered_devices"] == 3
    for body, member in (
        ({"ordered_mg": 50}, "ordered_mg"),
        ({"ordered_mg_per_kg": 0.5}, "ordered_mg_per_kg"),
        ({"ordered_units": 1, "unit_strength_mg": 28}, "ordered_units"),
        ({"ordered_mg": 56, "infusion_minutes": 40}, "infusion_minutes"),
    ):
        answer = await care.http.post(path, json=body)
        assert answer.status_code == 422, answer.text
        assert f"#/{member}" in {one["pointer"] for one in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("route", "within", "beyond", "code"),
    [
        ("intramuscular", {"ordered_mg_per_kg": 1}, {"ordered_mg_per_kg": 1.01}, "above_max_mg_per_kg"),
        ("subcutaneous", {"ordered_mg_per_kg": 0.9}, {"ordered_mg_per_kg": 0.91}, "above_max_mg_per_kg"),
        ("sublingual", {"ordered_mg": 240}, {"ordered_mg": 240.001}, "above_max_mg_per_kg"),
        (
            "oral",
            {"ordered_units": 2, "unit_strength_mg": 100},
            {"ordered_units": 3.5, "unit_strength_mg": 100},
            "above_max_mg",
        ),
    ],
)
async def test_a_route_s_limit_asks_and_what_was_given_beyond_it_is_named(
    clinic: World, route: str, within: Json, beyond: Json, code: str
) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await care.weight(patient, 80, measured_at=ago(hours=2))
    session = await care.session(await care.course(patient), drug="ketamine", route=route)
    assert (await care.order(session, **within))["confirmed"] == []
    asked = await care.http.post(f"{path_of(session)}/dose-orders", json=beyond)
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation-required")
    codes = [one["code"] for one in asked.json()["confirmations"]]
    assert code in codes
    order = await care.order(session, **beyond, confirm=codes)
    body = {"drug": "ketamine", "route": route, "drawn_mg": order["ordered_mg"]}
    made = await care.administration(
        session, **body, started_at=ago(minutes=30), stopped_at=ago(minutes=29), delivered_mg=order["ordered_mg"]
    )
    assert code in made["deviations"]
    assert made["weight_kg"] == 80
    assert made["delivered_mg_per_kg"] == pytest.approx(order["ordered_mg"] / 80, abs=0.00005)


async def test_the_previous_dose_is_one_of_the_same_drug_and_route(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    before = await care.session(course, drug="ketamine", route="intramuscular")
    by_muscle = {"drug": "ketamine", "route": "intramuscular", "drawn_mg": 20}
    await care.administration(before, **by_muscle, started_at=ago(days=3), delivered_mg=20)
    by_spray = await care.session(course, drug="ketamine", route="intranasal")
    assert (await care.order(by_spray, ordered_mg=75))["confirmed"] == []
    again = await care.session(course, drug="ketamine", route="intramuscular")
    asked = await care.http.post(f"{path_of(again)}/dose-orders", json={"ordered_mg": 30.001})
    assert [one["code"] for one in asked.json()["confirmations"]] == ["above_times_previous_dose"]
    assert (await care.order(again, ordered_mg=30))["confirmed"] == []


async def test_a_dose_by_another_route_is_not_held_against_the_order(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("checked_in")
    await care.order(session)
    made = await care.administration(session, **injected("intramuscular"))
    assert (made["dose_order_id"], made["deviations"]) == (None, ["no_order"])


async def test_devices_are_reconciled_whole(clinic: World) -> None:
    care = await caring(clinic)
    made = await care.administration(await visit(care, in_devices()), **in_devices(used(60, 1), drawn_mg=84))
    assert (made["unaccounted_mg"], made["reconciled"]) == (56, False)
    path = f"{path_of(made)}/reconcile"
    answer = await care.http.post(path, json={"wasted_mg": 14, "returned_mg": 42}, headers=version_header(made))
    assert (answer.status_code, answer.json()["code"]) == (422, "not-whole-devices")
    assert {one["pointer"] for one in answer.json()["errors"]} == {"#/wasted_mg", "#/returned_mg"}
    right = await care.do(made, "reconcile", {"wasted_mg": 28, "returned_mg": 28})
    assert (right["unaccounted_mg"], right["reconciled"]) == (0, True)
