"""What every table is made of: one naming convention, exact column types, the key and the marks of a record."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from typing_extensions import override

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s__%(column_0_N_name)s",
    "uq": "uq_%(table_name)s__%(column_0_N_name)s",
    "ck": "ck_%(table_name)s__%(constraint_name)s",
    "fk": "fk_%(table_name)s__%(column_0_N_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Naive values are refused; SQLite keeps UTC text, which sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = "A time without a zone cannot be stored."
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Scaled(TypeDecorator[Decimal]):
    """An exact decimal with a fixed number of places, kept as an integer: SQLite would keep NUMERIC as a float."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def exact(self, value: Decimal) -> Decimal:
        """The value with exactly this column's places; a value with more is a programming error."""
        scaled = value.quantize(Decimal(1).scaleb(-self.places))
        if scaled != value:
            message = f"A value with more than {self.places} places reached the database unrounded."
            raise ValueError(message)
        return scaled

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(self.exact(Decimal(value)).scaleb(self.places))

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


Mg = Annotated[Decimal, mapped_column(Scaled(3))]
MgPerKg = Annotated[Decimal, mapped_column(Scaled(4))]
MgPerMin = Annotated[Decimal, mapped_column(Scaled(4))]
MgPerMl = Annotated[Decimal, mapped_column(Scaled(3))]
Ml = Annotated[Decimal, mapped_column(Scaled(3))]
Kg = Annotated[Decimal, mapped_column(Scaled(2))]
Celsius = Annotated[Decimal, mapped_column(Scaled(1))]
LitresPerMin = Annotated[Decimal, mapped_column(Scaled(1))]
Points = Annotated[Decimal, mapped_column(Scaled(2))]
Hours = Annotated[Decimal, mapped_column(Scaled(2))]
Minutes = Annotated[Decimal, mapped_column(Scaled(2))]
Units = Annotated[Decimal, mapped_column(Scaled(2))]

Code = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(200))]
LongText = Annotated[str, mapped_column(Text)]
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """The root of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        datetime: UtcDateTime,
        date: Date,
        UUID: Uuid,
        int: Integer,
        str: String(200),
        list[Any]: Json,
        list[str]: Json,
        list[int | None]: Json,
        list[dict[str, Any]]: Json,
        dict[str, Any]: Json,
    }

    @override
    def __repr__(self) -> str:
        """Class and id only, so that names and scores stay out of logs."""
        return f"<{type(self).__name__} {getattr(self, 'id', '?')}>"


class Origin(StrEnum):
    """How a fact came into the record."""

    LIVE = "live"
    AFTERWARDS = "afterwards"
    IMPORT = "import"


class Versioned:
    """The marks of a record the ledger follows.

    `version`, the times and the author are set by the database session, never by an action; only a copy keeps by whom
    and when what it copies was recorded. `__resource__` names the record on the wire; `__root__` names the record a
    mirror follows it under, as `(resource, column)`.
    """

    __resource__: ClassVar[str]
    __roots__: ClassVar[Sequence[tuple[str, str]]] = ()
    __sensitivity__: ClassVar[str] = "normal"

    version: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    updated_at: Mapped[datetime]


class ClinicRecord(Versioned):
    """A record of one clinic, keyed `(clinic_id, id)`, so that no foreign key can cross clinics."""

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)
    origin: Mapped[Code]
    create_digest: Mapped[Code | None]
    entered_in_error_at: Mapped[datetime | None]
    entered_in_error_by: Mapped[UUID | None]
    entered_in_error_reason: Mapped[LongText | None]


def belongs_to(table: str, column: str) -> ForeignKeyConstraint:
    """A composite foreign key into a clinic table, `(clinic_id, column) → (clinic_id, id)`."""
    return ForeignKeyConstraint(["clinic_id", column], [f"{table}.clinic_id", f"{table}.id"])


def closed_set(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A named CHECK that holds a state machine's column to its states."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_in_set")


def in_range(column: str, low: float, high: float) -> CheckConstraint:
    """A named CHECK that keeps a plausible range, in the stored (scaled) unit."""
    return CheckConstraint(f"{column} >= {low} AND {column} <= {high}", name=f"{column}_in_range")


def not_negative(columns: Sequence[str]) -> tuple[CheckConstraint, ...]:
    """Named CHECKs that keep amounts from being negative."""
    return tuple(CheckConstraint(f"{column} >= 0", name=f"{column}_not_negative") for column in columns)
