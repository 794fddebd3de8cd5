"""Every write of a versioned record appends one change; nothing gets around it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from app.identity.models import Location
from app.kernel.actor import Actor, PrincipalKind
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.ledger import (
    ForbiddenWrite,
    LedgerSession,
    Sealer,
    UnnamedChange,
    begin_act,
    change,
    decode,
    encode,
    name_change,
    versioned_tables,
)
from app.kernel.tables import Base, Scaled, UtcDateTime, Versioned
from app.patients.models import Patient, Weight
from migrations.env_tables import all_tables
from tests.factories.identity import make_location
from tests.factories.patients import make_patient, make_weight
from tests.world import World

all_tables()
VERSIONED = sorted(
    (
        mapper.class_
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Versioned) and "__resource__" in vars(mapper.class_)
    ),
    key=lambda model: model.__name__,
)


def filled(model: type[Any], clinic_id: UUID) -> Any:
    """A record with something in every column that needs it."""
    columns: dict[str, Any] = {}
    mapper = inspect(model)
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if attribute.key == "clinic_id" or (attribute.key == "id" and "clinic_id" not in mapper.columns):
            columns[attribute.key] = clinic_id
        elif column is not mapper.polymorphic_on and not column.nullable and attribute.key not in {"version", "origin"}:
            columns[attribute.key] = _value(column.type)
    return model(**columns)


def _value(kind: object) -> object:
    match kind:
        case Scaled():
            return Decimal(1)
        case UtcDateTime():
            return datetime(2026, 3, 2, tzinfo=UTC)
        case Date():
            return date(2026, 3, 2)
        case Uuid():
            return new_id()
        case Boolean():
            return False
        case Integer():
            return 1
        case JSON():
            return []
        case String():
            return "x"
        case _:
            raise AssertionError(kind)


@pytest.fixture(scope="module")
def bare_tables() -> Iterator[Engine]:
    """Every table without its checks and foreign keys, so that any row goes in and only the ledger can object."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    copied = MetaData()
    for table in Base.metadata.tables.values():
        bare = table.to_metadata(copied)
        bare.constraints = {bare.primary_key}
        bare.indexes.clear()
    for bare in copied.tables.values():
        bare.foreign_keys.clear()
    copied.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def nobody_in_particular() -> Actor:
    """An actor in a clinic that needs no row."""
    return Actor(new_id(), new_id(), PrincipalKind.SYSTEM, frozenset(), "UTC", source="test", request_id="test")


@pytest.mark.parametrize("model", VERSIONED, ids=lambda model: model.__name__)
def test_no_class_can_be_written_without_naming_the_change(
    bare_tables: Engine, nobody_in_particular: Actor, model: type[Any]
) -> None:
    """Each class, created and then changed: unnamed raises and keeps nothing, named appends one change."""
    actor = nobody_in_particular
    with LedgerSession(bare_tables, expire_on_commit=False) as session:
        session.info["actor"] = actor
        session.add(filled(model, actor.clinic_id))
        with pytest.raises(UnnamedChange):
            session.commit()
        session.rollback()
        record = filled(model, actor.clinic_id)
        session.add(record)
        name_change(session, record, "thing.created")
        session.commit()
        record.recorded_by = new_id()
        with pytest.raises(UnnamedChange):
            session.commit()
        session.rollback()
        record.recorded_by = new_id()
        name_change(session, record, "thing.changed")
        session.commit()
        session.delete(record)
        with pytest.raises(ForbiddenWrite):
            session.commit()
        session.rollback()
        mine = change.c.clinic_id == actor.clinic_id
        kept = session.execute(select(change.c.version, change.c.event).where(mine).order_by(change.c.version)).all()
    assert [tuple(row) for row in kept] == [(1, "thing.created"), (2, "thing.changed")]


@pytest.mark.parametrize("model", VERSIONED, ids=lambda model: model.__name__)
def test_what_the_ledger_keeps_reads_back_as_it_was(model: type[Any]) -> None:
    table: Table = Base.metadata.tables[model.__tablename__]
    columns = {column.name: _value(column.type) for column in table.columns}
    assert decode(table, encode(table, columns)) == columns
    nothing = dict.fromkeys(columns)
    assert decode(table, encode(table, nothing)) == nothing


async def _changes(clinic: World, resource_id: UUID) -> list[Any]:
    async with clinic.reading() as db:
        found = select(change).where(change.c.clinic_id == clinic.id, change.c.resource_id == resource_id)
        return list((await db.execute(found.order_by(change.c.version))).all())


async def test_a_write_nobody_named_commits_nothing(clinic: World) -> None:
    weight = await clinic.make(make_weight, await clinic.make(make_patient))
    with pytest.raises(UnnamedChange):
        async with clinic.writing() as db:
            loaded = (
                await db.execute(select(Weight).where(Weight.clinic_id == clinic.id, Weight.id == weight.id))
            ).scalar_one()
            loaded.weight_kg = Decimal(70)
    async with clinic.reading() as db:
        kept = (await db.execute(select(Weight.weight_kg).where(Weight.clinic_id == clinic.id))).scalar_one()
    assert kept == Decimal("82.4")
    assert len(await _changes(clinic, weight.id)) == 1


async def test_one_version_and_one_change_a_transaction(clinic: World) -> None:
    location = await clinic.make(make_location)
    async with clinic.writing() as db:
        found = select(Location).where(Location.clinic_id == clinic.id, Location.id == location.id)
        loaded = (await db.execute(found)).scalar_one()
        for name in ("Room 1", "Room 2", "Room 3"):
            loaded.name = name
            name_change(db, loaded, "location.updated", reason=name)
            await db.flush()
    first, second = await _changes(clinic, location.id)
    assert (first.version, second.version) == (1, 2)
    assert second.event == "location.updated"
    assert second.reason == "Room 3"
    assert decode(Base.metadata.tables["location"], second.content)["name"] == "Room 3"


async def test_several_acts_in_one_transaction_stay_apart(clinic: World, clock: Any) -> None:
    """Each has its author, its time, and a version of what it changed."""
    location = await clinic.make(make_location)
    admin, nurse = await clinic.actor("admin"), await clinic.actor("nurse")
    times: list[datetime] = []
    async with clinic.database.writing(admin) as db:
        found = select(Location).where(Location.clinic_id == clinic.id, Location.id == location.id)
        loaded = (await db.execute(found)).scalar_one()
        for name, actor in (("Room 1", admin), ("Room 2", nurse), ("Room 3", admin)):
            await begin_act(db, actor)
            times.append(clock.advance(minutes=10))
            loaded.name = name
            name_change(db, loaded, "location.updated", reason=name)
        await begin_act(db, nurse)  # who then does nothing
    rows = await _changes(clinic, location.id)
    names = [decode(Base.metadata.tables["location"], row.content)["name"] for row in rows]
    assert [row.version for row in rows] == [1, 2, 3, 4]
    assert names[1:] == [row.reason for row in rows[1:]] == ["Room 1", "Room 2", "Room 3"]
    assert [row.recorded_at for row in rows[1:]] == times
    assert [row.principal_id for row in rows[1:]] == [admin.principal_id, nurse.principal_id, admin.principal_id]


async def test_an_act_nobody_named_commits_none_of_its_transaction(clinic: World) -> None:
    location = await clinic.make(make_location)
    actor = await clinic.actor("admin")
    with pytest.raises(UnnamedChange):
        async with clinic.database.writing(actor) as db:
            found = select(Location).where(Location.clinic_id == clinic.id, Location.id == location.id)
            loaded = (await db.execute(found)).scalar_one()
            loaded.name = "Room 1"
            name_change(db, loaded, "location.updated")
            await begin_act(db, actor)
            loaded.name = "Room 2"
            await begin_act(db, actor)
    assert len(await _changes(clinic, location.id)) == 1


async def test_a_change_that_changes_nothing_is_none(clinic: World) -> None:
    location = await clinic.make(make_location)
    async with clinic.writing() as db:
        found = select(Location).where(Location.clinic_id == clinic.id, Location.id == location.id)
        loaded = (await db.execute(found)).scalar_one()
        loaded.name = location.name
    assert len(await _changes(clinic, location.id)) == 1


async def test_a_rollback_leaves_no_change_and_no_memory_of_one(clinic: World) -> None:
    """The session that failed is used again; nothing of the first try may follow it."""
    patient_id = new_id()
    actor = await clinic.actor()
    async with clinic.database._write() as db:
        db.info["actor"] = actor
        with pytest.raises(RuntimeError):
            async with db.begin():
                await make_patient(db, actor, id=str(patient_id))  # type: ignore[arg-type]
                await db.flush()
                raise RuntimeError
        async with db.begin():
            await make_patient(db, actor)  # type: ignore[arg-type]
    assert await _changes(clinic, patient_id) == []


async def test_times_never_go_back(clinic: World, clock: Any) -> None:
    """A clock that was set back must not reorder versions."""
    location = await clinic.make(make_location)
    clock.advance(hours=-5)
    async with clinic.writing() as db:
        found = select(Location).where(Location.clinic_id == clinic.id, Location.id == location.id)
        loaded = (await db.execute(found)).scalar_one()
        loaded.name = "Room 9"
        name_change(db, loaded, "location.updated")
    first, second = await _changes(clinic, location.id)
    assert second.recorded_at > first.recorded_at


async def test_records_are_not_deleted(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    with pytest.raises(ForbiddenWrite):
        async with clinic.writing() as db:
            found = select(Patient).where(Patient.clinic_id == clinic.id, Patient.id == patient.id)
            await db.delete((await db.execute(found)).scalar_one())


@pytest.mark.parametrize("table", sorted(versioned_tables()))
@pytest.mark.parametrize("door", ["session", "connection"])
async def test_versioned_tables_are_not_written_around_the_ledger(database: Database, table: str, door: str) -> None:
    target = Base.metadata.tables[table]
    here = target.c.clinic_id == new_id() if "clinic_id" in target.c else target.c.id == new_id()
    for statement in (
        update(target).where(here).values(version=9),
        delete(target).where(here),
        insert(target).values({column.name: _value(column.type) for column in target.columns}),
    ):
        with pytest.raises(ForbiddenWrite):
            async with database.writing() as db:
                if door == "session":
                    await db.execute(statement)
                else:
                    await (await db.connection()).execute(statement)


@pytest.mark.parametrize("model", [Patient, Weight, Location])
async def test_classes_are_not_written_in_bulk(clinic: World, model: type[Any]) -> None:
    for statement in (
        update(model).where(model.clinic_id == clinic.id).values(version=9),
        delete(model).where(model.clinic_id == clinic.id),
        insert(model).values(clinic_id=clinic.id, id=new_id()),
    ):
        with pytest.raises(ForbiddenWrite):
            async with clinic.writing() as db:
                await db.execute(statement)


async def test_a_flush_does_not_open_the_door_behind_it(clinic: World) -> None:
    """Core writes are refused after a flush of the same transaction too."""
    with pytest.raises(ForbiddenWrite):
        async with clinic.writing() as db:
            patient = await make_patient(db, db.info["actor"])
            await db.flush()
            table = Base.metadata.tables["patient"]
            await (await db.connection()).execute(
                update(table).where(table.c.clinic_id == clinic.id, table.c.id == patient.id).values(sex="male")
            )


async def test_a_record_of_another_clinic_cannot_be_written(clinic: World, other_clinic: World) -> None:
    patient = await other_clinic.make(make_patient)
    with pytest.raises(ForbiddenWrite):
        async with clinic.writing() as db:
            found = select(Patient).where(Patient.clinic_id == other_clinic.id, Patient.id == patient.id)
            loaded = (await db.execute(found)).scalar_one()
            loaded.sex = "male"
            name_change(db, loaded, "patient.updated")
    assert len(await _changes(other_clinic, patient.id)) == 1


async def test_nobody_writes_without_an_actor(clinic: World) -> None:
    with pytest.raises(ForbiddenWrite):
        async with clinic.database.writing() as db:
            await make_location(db, await clinic.actor())


async def test_a_reader_cannot_write(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    async with clinic.reading() as db:
        with pytest.raises(DBAPIError):
            await db.execute(
                text("UPDATE idempotency_key SET status = 1 WHERE clinic_id = :clinic"),
                {"clinic": str(clinic.id)},
            )
    assert len(await _changes(clinic, patient.id)) == 1


async def test_the_ledger_is_append_only_where_the_application_writes(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    here = change.c.clinic_id == clinic.id
    await clinic.database.sealer.seal()
    for statement in (
        delete(change).where(here),
        update(change).where(here).values(event="patient.renamed"),
        update(change).where(here).values(sequence=change.c.sequence + 1000),
    ):
        with pytest.raises(DBAPIError):
            async with clinic.writing() as db:
                await (await db.connection()).execute(statement)
    (only,) = await _changes(clinic, patient.id)
    assert only.event == "patient.registered"


# ── the sealer ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _numbers(clinic: World) -> list[int | None]:
    async with clinic.reading() as db:
        found = select(change.c.sequence).where(change.c.clinic_id == clinic.id).order_by(change.c.sequence)
        return list((await db.execute(found)).scalars())


async def test_two_sealers_at_once_leave_no_gap_and_give_no_number_twice(clinic: World) -> None:
    """Writers write while two sealers number in small batches."""
    actor = await clinic.actor()
    sealers = [Sealer(clinic.database, batch=7) for _ in range(2)]
    writing = True

    async def write(number: int) -> None:
        for step in range(6):
            async with clinic.database.writing(actor) as db:
                await make_location(db, actor, name=f"{number}.{step}")

    async def seal(sealer: Sealer) -> None:
        while writing:
            await sealer.seal()
            await asyncio.sleep(0)

    sealing = [asyncio.create_task(seal(sealer)) for sealer in sealers]
    await asyncio.gather(*(write(number) for number in range(8)))
    writing = False
    await asyncio.gather(*sealing)
    await sealers[0].seal()
    numbers = await _numbers(clinic)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 48


async def test_who_follows_the_numbers_misses_nothing(clinic: World) -> None:
    """A reader that asks for what comes after the last number it saw sees every row, while writers write."""
    actor = await clinic.actor()
    seen: list[UUID] = []
    writing = True

    async def follow() -> None:
        after = 0
        while True:
            last_round = not writing
            await clinic.database.sealer.seal()
            async with clinic.reading() as db:
                here = (change.c.clinic_id == clinic.id, change.c.sequence > after)
                rows = (
                    await db.execute(select(change.c.id, change.c.sequence).where(*here).order_by(change.c.sequence))
                ).all()
            seen.extend(row.id for row in rows)
            after = rows[-1].sequence if rows else after
            if last_round:
                return

    async def write(number: int) -> None:
        for step in range(6):
            async with clinic.database.writing(actor) as db:
                await make_location(db, actor, name=f"{number}.{step}")
                await asyncio.sleep(0.001 * (number % 3))

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(number) for number in range(6)))
    writing = False
    await following
    async with clinic.reading() as db:
        total = (
            await db.execute(select(func.count()).select_from(change).where(change.c.clinic_id == clinic.id))
        ).scalar_one()
    assert len(seen) == len(set(seen)) == total


async def test_changes_of_one_transaction_stay_together_in_their_order(clinic: World) -> None:
    async with clinic.writing() as db:
        actor = db.info["actor"]
        made = [(await make_location(db, actor, name=f"Room {number}")).id for number in range(5)]
    await clinic.database.sealer.seal()
    async with clinic.reading() as db:
        found = select(change.c.resource_id).where(change.c.clinic_id == clinic.id, change.c.resource_id.in_(made))
        assert list((await db.execute(found.order_by(change.c.sequence))).scalars()) == made


def test_a_plain_session_is_not_a_ledger_session() -> None:
    """The hooks hang on our own class, so that nothing else in the process is slowed or surprised."""
    assert LedgerSession is not Session
