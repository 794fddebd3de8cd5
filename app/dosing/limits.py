"""The shipped limits of each drug by each route, and what one esketamine device holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from app.dosing.rules import DeviceFacts, LimitBreach, Limits
from app.kernel.data_files import DataFile
from app.protocols.rules import Drug, Route

_FILE: Final = Path(__file__).parent / "data" / "DOSE_LIMITS@1.json"


@dataclass(frozen=True, slots=True)
class ShippedLimits:
    """The file, read: limits by drug and route, the device, and the file's version, such as `DOSE_LIMITS@1`."""

    by_route: Mapping[tuple[str, str], Limits]
    device: DeviceFacts
    version: str


@cache
def shipped_limits() -> ShippedLimits:
    """The newest version of the file."""
    return load_limits(_FILE)


def load_limits(path: Path) -> ShippedLimits:
    """Read a file of limits.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file = DataFile.read(path)
    file.only("code", "version", "limits", "device", "source", "verified")
    file.text("source")
    file.flag("verified")
    version = f"{file.text('code')}@{file.integer('version', minimum=1)}"
    by_route: dict[tuple[str, str], Limits] = {}
    for row in file.sections("limits"):
        place = (row.choice("drug", Drug).value, row.choice("route", Route).value)
        if place in by_route:
            row.refuse("route", "appears twice for this drug")
        by_route[place] = _limits(row, version)
    return ShippedLimits(by_route, _device(file.section("device")), version)


def _limits(row: DataFile, version: str) -> Limits:
    told = [name for name in Limits.__dataclass_fields__ if name != "versions"]
    row.only("drug", "route", *told, "verified")
    row.flag("verified")
    return Limits(
        max_mg_per_kg=row.optional_decimal("max_mg_per_kg"),
        max_mg=row.optional_decimal("max_mg"),
        hard_max_mg=row.optional_decimal("hard_max_mg"),
        minimum_minutes=row.optional_integer("minimum_minutes", minimum=1),
        times_previous_dose=row.optional_decimal("times_previous_dose"),
        source=row.text("source"),
        versions=dict.fromkeys(LimitBreach, version),
    )


def _device(row: DataFile) -> DeviceFacts:
    row.only(*DeviceFacts.__dataclass_fields__)
    return DeviceFacts(
        amount_mg=row.decimal("amount_mg"),
        sprays=row.integer("sprays", minimum=1),
        rest_minutes=row.integer("rest_minutes"),
        source=row.text("source"),
    )
