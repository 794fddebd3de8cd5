"""How a dose is ordered and given in the demo, by each way the record knows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from pydantic import TypeAdapter

from app.demo.journeys import Journey, Series, Visit
from app.dosing.schemas import AnyAdministration, AnyDoseEvent, DoseOrderCreate
from app.kernel.ids import new_id
from app.protocols.rules import Route

ADMINISTRATION: Final[TypeAdapter[AnyAdministration]] = TypeAdapter(AnyAdministration)
DOSE_EVENT: Final[TypeAdapter[AnyDoseEvent]] = TypeAdapter(AnyDoseEvent)
INFUSION_MINUTES: Final = 40
_PEAKS: Final[Mapping[Route, int]] = {
    Route.INTRAVENOUS: 40,
    Route.INTRAMUSCULAR: 25,
    Route.SUBCUTANEOUS: 30,
    Route.SUBLINGUAL: 50,
    Route.ORAL: 75,
    Route.INTRANASAL: 40,
}
_KNOWINGLY: Final = ["above_times_previous_dose", "above_max_mg_per_kg"]
_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "KET_IM_SERIES": ("0.5", "0.5", "0.75"),
    "KET_SC_KADS": ("0.5", "0.6", "0.75", "0.9"),
    "KET_IV_4x2W": ("0.5", "0.5", "0.75"),
    "KET_PO_2xW_6W": ("1",),
}
_DEVICE_MG: Final = 28
_SPRAY_MG: Final = 10
_TROCHE_MG: Final = 50
_CAPSULE_MG: Final = 25


@dataclass(frozen=True, slots=True)
class Dose:
    """What is given at one visit."""

    route: Route
    mg: Decimal
    mg_per_kg: Decimal | None
    units: int
    peak_minute: int
    stops_minute: int
    site: str
    side: str

    @property
    def rate(self) -> Decimal:
        """The rate of an infusion, as a pump is set."""
        return round(self.mg / INFUSION_MINUTES, 4)

    @property
    def drawn_mg(self) -> Decimal:
        """What is drawn up: whole milligrams, so that a rounded rate never gives more than there is."""
        return Decimal(math.ceil(self.mg))

    @property
    def _unit_mg(self) -> int:
        return _TROCHE_MG if self.route is Route.SUBLINGUAL else _CAPSULE_MG

    def order(self) -> DoseOrderCreate:
        """The prescriber's order."""
        told: dict[str, Any] = {"confirm": _KNOWINGLY}
        match self.route:
            case Route.SUBLINGUAL | Route.ORAL:
                told |= {"ordered_units": self.units, "unit_strength_mg": self._unit_mg}
            case Route.INTRANASAL if self.mg % _DEVICE_MG == 0:
                told["ordered_devices"] = self.units
            case Route.INTRANASAL:
                told["ordered_mg"] = self.mg
            case _:
                told["ordered_mg_per_kg"] = self.mg_per_kg
        if self.route is Route.INTRAVENOUS:
            told["infusion_minutes"] = INFUSION_MINUTES
        return DoseOrderCreate.model_validate(told)

    def given(self, t0: datetime, *, whole: bool = True, told: Mapping[str, object] | None = None) -> AnyAdministration:
        """What is recorded of the dose: of an infusion only its start, unless it is told as a `whole`."""
        members: dict[str, Any] = {"id": new_id(), "drug": "ketamine", "route": self.route, "drawn_mg": self.drawn_mg}
        match self.route:
            case Route.INTRAVENOUS:
                members |= self._infusion(t0, whole=whole)
            case Route.INTRAMUSCULAR | Route.SUBCUTANEOUS:
                members |= self._injection(t0)
            case Route.SUBLINGUAL | Route.ORAL:
                members |= self._by_mouth(t0)
            case Route.INTRANASAL if self.mg % _DEVICE_MG == 0:
                members |= self._devices(t0)
            case Route.INTRANASAL:
                members |= self._sprays(t0)
        return ADMINISTRATION.validate_python(members | dict(told or {}))

    def _infusion(self, t0: datetime, *, whole: bool) -> dict[str, Any]:
        events: list[dict[str, Any]] = [{"kind": "start", "occurred_at": t0, "rate_mg_per_min": self.rate}]
        rest: dict[str, Any] = {}
        if whole:
            events.append({"kind": "stop", "occurred_at": t0 + timedelta(minutes=INFUSION_MINUTES)})
            rest = {"wasted_mg": max(Decimal(0), self.drawn_mg - round(self.rate * INFUSION_MINUTES, 3))}
        return rest | {
            "product": "Ketamine 10 mg/mL, 20 mL vial",
            "lot": "DEMO-2291",
            "concentration_mg_per_ml": 10,
            "access_site": f"{self.side} {self.site}",
            "catheter_gauge": 22,
            "events": events,
        }

    def _injection(self, t0: datetime) -> dict[str, Any]:
        return {
            "product": "Ketamine 50 mg/mL, 10 mL vial",
            "lot": "DEMO-1187",
            "concentration_mg_per_ml": 50,
            "wasted_mg": self.drawn_mg - self.mg,
            "events": [
                {
                    "kind": "injection",
                    "occurred_at": t0,
                    "amount_mg": self.mg,
                    "volume_ml": round(self.mg / 50, 3),
                    "body_site": self.site,
                    "side": self.side,
                }
            ],
        }

    def _by_mouth(self, t0: datetime) -> dict[str, Any]:
        is_held = self.route is Route.SUBLINGUAL
        event = {"kind": "lozenge", "occurred_at": t0, "unit_count": self.units}
        return {
            "product": "Ketamine troche 50 mg, compounded" if is_held else "Ketamine capsule 25 mg, compounded",
            "lot": "DEMO-C307",
            "form": "troche" if is_held else "capsule",
            "unit_strength_mg": self._unit_mg,
            "hold_minutes": 12 if is_held else 0,
            "disposition": "spit" if is_held else "swallow",
            "wasted_mg": 0,
            "events": [event],
        }

    def _devices(self, t0: datetime) -> dict[str, Any]:
        devices = [
            {
                "kind": "device",
                "device_number": number + 1,
                "occurred_at": t0 + timedelta(minutes=6 * number),
                "nostril": "left",
                "second_spray_at": t0 + timedelta(minutes=6 * number, seconds=20),
                "second_nostril": "right",
                "lot": "DEMO-23KS",
            }
            for number in range(self.units)
        ]
        return {
            "drug": "esketamine",
            "product": f"Esketamine nasal spray, {self.mg} mg",
            "self_administered": True,
            "wasted_mg": 0,
            "events": devices,
        }

    def _sprays(self, t0: datetime) -> dict[str, Any]:
        sprays = [
            {
                "kind": "spray",
                "occurred_at": t0 + timedelta(minutes=number),
                "amount_mg": _SPRAY_MG,
                "nostril": ("left", "right")[number % 2],
            }
            for number in range(self.units)
        ]
        return {
            "product": "Ketamine nasal spray 100 mg/mL, compounded",
            "lot": "DEMO-N042",
            "concentration_mg_per_ml": 100,
            "wasted_mg": 0,
            "events": sprays,
        }


def route_of(series: Series) -> Route:
    """By which route a series is given; a course that leaves it open is given as racemic sprays here."""
    phase = series.protocol.phase(series.phase)
    return (phase.route if phase is not None else None) or series.protocol.route or Route.INTRANASAL


def dose_of(journey: Journey, series: Series, visit: Visit, random: Random) -> Dose:
    """The dose of a visit: the first of the protocol, and more later where it has steps and the first helped little."""
    route = route_of(series)
    weight = Decimal(str(journey.body.weight_kg))
    site = "forearm" if route is Route.INTRAVENOUS else "deltoid" if route is Route.INTRAMUSCULAR else "abdomen"
    step = 0 if visit.number == 1 or journey.responds else visit.number - 1
    mg_per_kg: Decimal | None = None
    units = 0
    match route:
        case Route.SUBLINGUAL:
            units = min(2 + visit.number // 3, 4)
            mg, stops = Decimal(_TROCHE_MG * units), 12
        case Route.INTRANASAL if series.protocol.drug == "esketamine":
            is_first = visit.number == 1 and series.phase == series.protocol.phases[0].name
            units = 2 if journey.responds or (is_first and series.protocol.code == "ESK_TRD") else 3
            mg, stops = Decimal(_DEVICE_MG * units), 6 * (units - 1)
        case Route.INTRANASAL:
            units = 6
            mg, stops = Decimal(_SPRAY_MG * units), units - 1
        case _:
            steps = _STEPS.get(series.protocol.code, ("0.5",))
            mg_per_kg = Decimal(steps[min(step, len(steps) - 1)])
            mg, stops = round(mg_per_kg * weight, 3), INFUSION_MINUTES if route is Route.INTRAVENOUS else 0
            if route is Route.ORAL:
                units = max(1, round(mg / _CAPSULE_MG))
                mg = Decimal(units * _CAPSULE_MG)
    side = random.choice(("left", "right"))
    return Dose(route, mg, mg_per_kg, units, _PEAKS[route], stops, site, side)
