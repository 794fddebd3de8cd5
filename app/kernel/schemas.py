"""The shapes requests and answers are made of. Nothing is coerced: `true` is no dose and `"35"` no number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar
from uuid import UUID
from zoneinfo import available_timezones

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError
from typing_extensions import override

from app.kernel.ids import is_uuid7

_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
NOTE_LENGTH: Final = 20_000
_YEARS: Final = range(1900, 2200)
Item = TypeVar("Item")


class RequestSchema(BaseModel):
    """A request body: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseSchema(BaseModel):
    """An answer: no member has a default, so clients see every one of them as required."""

    model_config = ConfigDict(frozen=True)


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            instant = None
        if instant is not None and instant.year in _YEARS:
            return instant
    raise PydanticCustomError("time_expected", "Must be an RFC 3339 time with an offset, such as 2026-03-02T14:05:00Z.")


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is not None and day.year in _YEARS:
            return day
    raise PydanticCustomError("day_expected", "Must be a day as YYYY-MM-DD.")


def _number(value: object) -> Decimal:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    raise PydanticCustomError("number_expected", "Must be a JSON number.")


def _text(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError(
            "control_characters", "Must not contain control characters other than tab and newline."
        )
    return value


def _uuid(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    raise PydanticCustomError("uuid_parsing", "uuid expected")


def _uuid7(value: UUID) -> UUID:
    if not is_uuid7(value):
        raise PydanticCustomError("uuid7_expected", "Must be a UUIDv7 in lower case with hyphens.")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise PydanticCustomError("unknown_time_zone", "Must be an IANA time zone such as America/New_York.")
    return value


@dataclass(frozen=True, slots=True)
class Number(GroupedMetadata):
    """A JSON number with at most so many decimal places, within bounds that rule out the impossible.

    Use it as `Annotated[Decimal, Number(3, 0, 10_000)]`.
    """

    places: int
    low: float | None = None
    high: float | None = None

    @override
    def __iter__(self) -> Iterator[Any]:
        """The single constraints, as Pydantic unfolds them."""
        # `multipleOf` would be the word for it, but validators that reckon in binary refuse 36.8 as a multiple of 0.1.
        schema: dict[str, Any] = {"type": "number", "x-decimal-places": self.places}
        if self.low is not None:
            schema["minimum"] = self.low
        if self.high is not None:
            schema["maximum"] = self.high
        yield BeforeValidator(_number)
        yield Field(ge=self.low, le=self.high, decimal_places=self.places, allow_inf_nan=False)
        yield WithJsonSchema(schema)


UtcTime = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 35, "examples": ["2026-03-02T14:05:00Z"]}),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "maxLength": 10, "examples": ["2026-03-02"]}),
]
Id = Annotated[
    UUID,
    BeforeValidator(_uuid),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uuid",
            "pattern": f"^{_UUID.pattern}$",
            "maxLength": 36,
            "examples": ["0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"],
        }
    ),
]
OwnId = Annotated[
    UUID,
    BeforeValidator(_uuid),
    AfterValidator(_uuid7),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uuid",
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
            "maxLength": 36,
            "examples": ["0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"],
        }
    ),
]
Count = StrictInt
Flag = StrictBool
# What `_text` refuses, in the words of JSON Schema.
_PLAIN: Final[dict[str, Any]] = {"pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$"}
ShortText = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=_PLAIN), AfterValidator(_text)]
CodeText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
NoteText = Annotated[str, Field(min_length=1, max_length=NOTE_LENGTH, json_schema_extra=_PLAIN), AfterValidator(_text)]
TimeZone = Annotated[
    str,
    Field(max_length=64, examples=["America/New_York"], json_schema_extra={"format": "iana-time-zone"}),
    AfterValidator(_zone),
]
Uri = Annotated[
    str,
    Field(
        min_length=1, max_length=200, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$", examples=["https://emr.example/mrn"]
    ),
]

MgNumber = Annotated[Decimal, Number(3, 0, 10_000)]
MgPerKgNumber = Annotated[Decimal, Number(4, 0, 100)]
MgPerMinNumber = Annotated[Decimal, Number(4, 0, 1_000)]
MgPerMlNumber = Annotated[Decimal, Number(3, 0, 1_000)]
MlNumber = Annotated[Decimal, Number(3, 0, 10_000)]
UnitsNumber = Annotated[Decimal, Number(2, 0, 1_000)]
WeightKg = Annotated[Decimal, Number(2, 1, 500)]


def absent(description: str, **settings: Any) -> Any:
    """A member of a merge patch that may be left out but not cleared: left out means "keep"."""
    return Field(default=None, description=description, **settings)


class CreateSchema(RequestSchema):
    """A create: `id` is the one server-owned member a client may send.

    `varies` names what may differ when the same create is sent again: it asks for the same thing all the same.
    """

    varies: ClassVar[frozenset[str]] = frozenset({"confirm"})

    id: OwnId | None = Field(
        default=None,
        description="Your own UUIDv7, so that sending again never records twice. Left out: the server makes one.",
    )


class EnteredInError(ResponseSchema):
    """Who marked a record as entered in error, when and why."""

    at: UtcTime = Field(description="When it was marked.")
    by: Id = Field(description="The principal who marked it.")
    reason: str = Field(description="Why.", examples=["wrong patient"])


class RecordRead(ResponseSchema):
    """What every record answers beside its own facts."""

    object: str = Field(description="The kind of record.", examples=["session"])
    id: Id = Field(description="The record's id.")
    version: int = Field(description="Counts this record's own changes; the ETag.", examples=[3])
    recorded_at: UtcTime = Field(description="When the server first recorded it.")
    recorded_by: Id = Field(description="The principal who recorded it, who need not be the person who did it.")
    updated_at: UtcTime = Field(description="When the server recorded its latest version.")


class ClinicRecordRead(RecordRead):
    """A clinical record."""

    origin: str = Field(
        description="How it came in: `live`, `afterwards` or `import`.",
        examples=["live"],
        json_schema_extra={"x-extensible-enum": ["live", "afterwards", "import"]},
    )
    entered_in_error: EnteredInError | None = Field(description="Set when the record was marked as entered in error.")


Withheld = Annotated[
    list[str],
    Field(
        description="Permissions the caller lacks. The members that need them are null here, whatever is recorded.",
        examples=[["session:read"]],
    ),
]


class Page(ResponseSchema, Generic[Item]):
    """One page of a list. `next_cursor` null is the only mark of the end; a page may be short."""

    items: list[Item] = Field(description="The records, in the order asked for.")
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page.", examples=["gAAAAABn…"])
    total: int = absent("How many there are; only with `include_total=true`, and at most 10 000.", examples=[38])
    total_is_exact: bool = absent(
        "False when there are more than 10 000; only with `include_total=true`.", examples=[True]
    )


class VersionRead(ResponseSchema):
    """One version of a record, as history shows it."""

    object: str = Field(description="Always `version`.", examples=["version"])
    version: int = Field(description="Counts the record's own changes from 1.", examples=[2])
    event: str = Field(description="What happened.", examples=["session.held"])
    kind: str = Field(description="`created`, `updated` or `voided`.", examples=["updated"])
    principal_id: Id = Field(description="Who did it.")
    source: str = Field(description="Through which door: `api`, `cli`, `worker`, `import:…`.", examples=["api"])
    reason: str | None = Field(
        description="Why, where somebody had to say; null where members of the record are withheld.",
        examples=["typing_error"],
    )
    request_id: str = Field(
        description="The request that did it.", examples=["req_0199c1f1-7d3e-7a51-9c1e-3f0a5b7e2d10"]
    )
    occurred_at: UtcTime | None = Field(description="When it happened; null where members of the record are withheld.")
    recorded_at: UtcTime = Field(description="When it was recorded.")
    content_digest: str = Field(description="SHA-256 of the version's content.", examples=["9f2c…"])
    resource: dict[str, Any] | None = Field(
        description="The record as it then was; null after erasure.", examples=[{"object": "session", "version": 2}]
    )
