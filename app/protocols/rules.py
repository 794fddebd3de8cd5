"""Dosing and observation plans, read from data files.

A plan is data, because clinics and evidence differ: each file names its source, is never changed once shipped, and
gets a new version instead, so that a course says for ever under which plan it was treated. A file that cannot be
trusted stops the program at start: no plan is better than half a plan.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn, Self, TypeVar, cast

from app.kernel.errors import Fault, Invalid

Choice = TypeVar("Choice", bound=StrEnum)


class Drug(StrEnum):
    """The substance; racemic ketamine and its S-enantiomer are not interchangeable."""

    KETAMINE = "ketamine"
    ESKETAMINE = "esketamine"


class Route(StrEnum):
    """How the drug enters the body."""

    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    SUBCUTANEOUS = "subcutaneous"
    SUBLINGUAL = "sublingual"
    ORAL = "oral"
    INTRANASAL = "intranasal"


class ClockStart(StrEnum):
    """What the observation time is counted from: the first moment of the dose, or the last."""

    START = "start"
    END = "end"


class DataFileError(ValueError):
    """A shipped data file is wrong; says which file and which field. Raised at load, never while serving."""


class UnknownProtocol(Invalid):
    """No shipped plan has this code."""

    code = "unknown-protocol"
    title = "There is no such protocol"


@dataclass(frozen=True, slots=True)
class Observation:
    """How long somebody is watched at least: `minimum_minutes` after `counts_from`."""

    counts_from: ClockStart
    minimum_minutes: int
    source: str


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Soft limits: beyond them the question is "are you sure?", not a refusal. None where there is no limit.

    `max_mg_per_kg` per session; `minimum_minutes` an infusion should last; `times_previous_dose` compares with the
    previous dose of the same drug and route.
    """

    max_mg_per_kg: Decimal | None
    minimum_minutes: int | None
    times_previous_dose: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of a plan.

    `drug`, `route`, `sessions`, `dose_mg_per_kg` and `infusion_minutes` are None where the plan leaves them open.
    `day_offsets` are calendar days after the first session. `vital_slots_minutes` are minutes after the first moment
    of the dose; the reading before it may be `pre_dose_vitals_within_minutes` old. `verified` says whether the
    publications in `source` were checked.
    """

    code: str
    version: int
    name: str
    drug: Drug | None
    route: Route | None
    sessions: int | None
    day_offsets: tuple[int, ...]
    dose_mg_per_kg: Decimal | None
    infusion_minutes: int | None
    observation: Observation
    pre_dose_vitals_within_minutes: int | None
    vital_slots_minutes: tuple[int, ...]
    vital_slots_source: str
    limits: DoseLimits
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class DataFile:
    """One JSON object of a data file, read field by field; every complaint names the file and the field.

    Numbers with a decimal point arrive as `Decimal`, exactly as they are written. Shared by everything that ships as
    `CODE@VERSION.json`.
    """

    name: str
    members: Mapping[str, object]
    where: str = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file named `CODE@VERSION.json` and check that it holds that code and version.

        Raises:
            DataFileError: Not JSON, a member twice, not an object, or another code or version than the name says.
        """

        def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
            members = dict(pairs)
            if len(members) != len(pairs):
                message = f"{path.name}: a member appears twice"
                raise DataFileError(message)
            return members

        def no_constant(_: str) -> object:
            message = f"{path.name}: NaN and Infinity are not numbers"
            raise DataFileError(message)

        try:
            content: object = json.loads(
                path.read_text(encoding="utf-8"),
                parse_float=Decimal,
                parse_constant=no_constant,
                object_pairs_hook=unique,
            )
        except json.JSONDecodeError as reason:
            message = f"{path.name}: not JSON"
            raise DataFileError(message) from reason
        if not isinstance(content, dict):
            message = f"{path.name}: not a JSON object"
            raise DataFileError(message)
        file = cls(path.name, cast("dict[str, object]", content))
        if path.name != f"{file.text('code')}@{file.integer('version', minimum=1)}.json":
            file.refuse("code", "does not match the name of the file")
        return file

    def refuse(self, field: str, fault: str) -> NoReturn:
        """Complain about a field.

        Raises:
            DataFileError: Always; names the file and the field.
        """
        message = f"{self.name}: {self.where}{field}: {fault}"
        raise DataFileError(message)

    def only(self, *fields: str) -> None:
        """Refuse members nobody reads: a misspelt limit must not pass for a missing one."""
        for member in self.members:
            if member not in fields:
                self.refuse(member, "unknown field")

    def value(self, field: str) -> object:
        """Read a member that must be there; null counts as there."""
        if field not in self.members:
            self.refuse(field, "missing")
        return self.members[field]

    def is_null(self, field: str) -> bool:
        """Say whether a member is there and null."""
        return self.value(field) is None

    def text(self, field: str) -> str:
        """Read a text that is not blank."""
        value = self.value(field)
        if not isinstance(value, str) or not value.strip():
            self.refuse(field, "must be a text")
        return value

    def flag(self, field: str) -> bool:
        """Read true or false."""
        value = self.value(field)
        if not isinstance(value, bool):
            self.refuse(field, "must be true or false")
        return value

    def integer(self, field: str, *, minimum: int = 0) -> int:
        """Read a whole number that is not below `minimum`."""
        return self._integer(field, self.value(field), minimum)

    def decimal(self, field: str, *, or_zero: bool = False) -> Decimal:
        """Read a number above zero, or with `or_zero` not below it, exactly as written."""
        value = self.value(field)
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0 or not (value or or_zero):
            self.refuse(field, "must be a number, not below zero" if or_zero else "must be a number above zero")
        return Decimal(value)

    def choice(self, field: str, choices: type[Choice]) -> Choice:
        """Read one of a closed set."""
        text = self.text(field)
        if text not in set(choices):
            self.refuse(field, f"must be one of {', '.join(choices)}")
        return choices(text)

    def integers(self, field: str, *, minimum: int = 0) -> tuple[int, ...]:
        """Read a list of whole numbers, each above the one before it."""
        numbers = tuple(self._integer(field, number, minimum) for number in self._list(field))
        if any(one >= two for one, two in pairwise(numbers)):
            self.refuse(field, "must ascend")
        return numbers

    def section(self, field: str) -> "DataFile":
        """Read an object inside this one."""
        return self._section(field, self.value(field))

    def sections(self, field: str) -> tuple["DataFile", ...]:
        """Read a list of objects inside this one."""
        return tuple(self._section(f"{field}[{index}]", value) for index, value in enumerate(self._list(field)))

    def optional_text(self, field: str) -> str | None:
        """Read a text or null."""
        return None if self.is_null(field) else self.text(field)

    def optional_integer(self, field: str, *, minimum: int = 0) -> int | None:
        """Read a whole number or null."""
        return None if self.is_null(field) else self.integer(field, minimum=minimum)

    def optional_decimal(self, field: str) -> Decimal | None:
        """Read a number above zero or null."""
        return None if self.is_null(field) else self.decimal(field)

    def _integer(self, field: str, value: object, minimum: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            self.refuse(field, f"must be a whole number, at least {minimum}")
        return value

    def _list(self, field: str) -> Sequence[object]:
        value = self.value(field)
        if not isinstance(value, list):
            self.refuse(field, "must be a list")
        return cast("list[object]", value)

    def _section(self, field: str, value: object) -> "DataFile":
        if not isinstance(value, dict):
            self.refuse(field, "must be an object")
        return DataFile(self.name, cast("dict[str, object]", value), where=f"{self.where}{field}.")


def load_protocols(directory: Path) -> Mapping[tuple[str, int], Protocol]:
    """Read every `CODE@VERSION.json` of a directory.

    Returns:
        The plans by code and version, in that order. Read-only.

    Raises:
        DataFileError: A file is wrong; names the file and the field.
    """
    protocols = [_protocol(DataFile.read(path)) for path in directory.glob("*.json")]
    protocols.sort(key=lambda protocol: (protocol.code, protocol.version))
    return MappingProxyType({(protocol.code, protocol.version): protocol for protocol in protocols})


def latest(protocols: Mapping[tuple[str, int], Protocol], code: str) -> Protocol | None:
    """Find the highest version of a plan, or None where no plan has this code."""
    versions = [protocol for protocol in protocols.values() if protocol.code == code]
    return max(versions, key=lambda protocol: protocol.version, default=None)


def require_latest(
    protocols: Mapping[tuple[str, int], Protocol], code: str, *, pointer: str = "#/protocol_code"
) -> Protocol:
    """Find the highest version of a plan that somebody asked for.

    Args:
        protocols: As `load_protocols` gives them.
        code: The code that was asked for.
        pointer: Where in the request it stands.

    Raises:
        UnknownProtocol: No plan has this code.
    """
    protocol = latest(protocols, code)
    if protocol is None:
        raise UnknownProtocol(
            detail="Choose one of the protocols that this installation lists.",
            faults=(Fault(code="unknown_protocol", detail="There is no such protocol.", pointer=pointer),),
        )
    return protocol


def _protocol(file: DataFile) -> Protocol:
    file.only(*Protocol.__dataclass_fields__)
    protocol = Protocol(
        code=file.text("code"),
        version=file.integer("version", minimum=1),
        name=file.text("name"),
        drug=None if file.is_null("drug") else file.choice("drug", Drug),
        route=None if file.is_null("route") else file.choice("route", Route),
        sessions=file.optional_integer("sessions", minimum=1),
        day_offsets=file.integers("day_offsets"),
        dose_mg_per_kg=file.optional_decimal("dose_mg_per_kg"),
        infusion_minutes=file.optional_integer("infusion_minutes", minimum=1),
        observation=_observation(file.section("observation")),
        pre_dose_vitals_within_minutes=file.optional_integer("pre_dose_vitals_within_minutes", minimum=1),
        vital_slots_minutes=file.integers("vital_slots_minutes", minimum=1),
        vital_slots_source=file.text("vital_slots_source"),
        limits=_limits(file.section("limits")),
        source=file.text("source"),
        verified=file.flag("verified"),
    )
    if len(protocol.day_offsets) != (protocol.sessions or 0):
        file.refuse("day_offsets", "must have one day for each session")
    if protocol.day_offsets and protocol.day_offsets[0] != 0:
        file.refuse("day_offsets", "must begin with day 0")
    return protocol


def _observation(file: DataFile) -> Observation:
    file.only(*Observation.__dataclass_fields__)
    return Observation(
        counts_from=file.choice("counts_from", ClockStart),
        minimum_minutes=file.integer("minimum_minutes", minimum=1),
        source=file.text("source"),
    )


def _limits(file: DataFile) -> DoseLimits:
    file.only(*DoseLimits.__dataclass_fields__)
    return DoseLimits(
        max_mg_per_kg=file.optional_decimal("max_mg_per_kg"),
        minimum_minutes=file.optional_integer("minimum_minutes", minimum=1),
        times_previous_dose=file.optional_decimal("times_previous_dose"),
        source=file.text("source"),
    )
