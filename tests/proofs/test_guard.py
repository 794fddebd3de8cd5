"""Every statement that reads or writes a clinic's rows says which clinic, whatever way it takes to the database."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Select, delete, event, func, literal_column, select, text, update
from sqlalchemy.orm import aliased

from app.kernel.database import Database
from app.kernel.guard import ACROSS, UnscopedStatement, clinic_tables, unscoped_tables
from app.kernel.ids import new_id
from app.kernel.ledger import ForbiddenWrite, change
from app.kernel.tables import Base
from app.monitoring.models import VitalSigns
from app.patients.models import Patient
from app.sessions.models import TreatmentSession
from tests.proofs.recipes import RECIPES, Operation, stage_in
from tests.world import World

PATIENT = Base.metadata.tables["patient"]
SESSION = Base.metadata.tables["treatment_session"]
OTHER = aliased(PATIENT)

PLANTED = {
    "core select": lambda: select(PATIENT),
    "core select of one column": lambda: select(PATIENT.c.family_name).where(PATIENT.c.id == new_id()),
    "orm select": lambda: select(Patient).where(Patient.id == new_id()),
    "count": lambda: select(func.count()).select_from(PATIENT),
    "text": lambda: text("SELECT family_name FROM patient"),
    "text that names the column of another table": lambda: text("SELECT 1 FROM vital_signs"),
    "a join that ties only one side": lambda: (
        select(PATIENT.c.id).join(SESSION, SESSION.c.patient_id == PATIENT.c.id).where(SESSION.c.clinic_id == new_id())
    ),
    "a subquery": lambda: select(PATIENT.c.id).where(
        PATIENT.c.clinic_id == new_id(), PATIENT.c.id.in_(select(SESSION.c.patient_id))
    ),
    "an or beside the clinic": lambda: select(PATIENT.c.id).where(
        (PATIENT.c.clinic_id == new_id()) | (PATIENT.c.family_name == "x")
    ),
    "not this clinic": lambda: select(PATIENT.c.id).where(PATIENT.c.clinic_id != new_id()),
    "the clinic of itself": lambda: select(PATIENT.c.id).where(PATIENT.c.clinic_id == PATIENT.c.clinic_id),
    "a second reading of the same table": lambda: (
        select(OTHER.c.id).join(PATIENT, PATIENT.c.id == OTHER.c.id).where(PATIENT.c.clinic_id == new_id())
    ),
    "a union": lambda: select(PATIENT.c.id).where(PATIENT.c.clinic_id == new_id()).union(select(SESSION.c.id)),
    "a common table": lambda: select(select(PATIENT.c.id).cte("found").c.id),
    "an exists": lambda: select(literal_column("1")).where(select(PATIENT.c.id).exists()),
    "the ledger": lambda: select(change.c.content),
    "kept answers": lambda: select(Base.metadata.tables["idempotency_key"].c.body),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
async def test_a_statement_that_forgets_the_clinic_never_runs(clinic: World, planted: Any) -> None:
    for transaction in (clinic.reading, clinic.writing):
        with pytest.raises(UnscopedStatement):
            async with transaction() as db:
                await db.execute(planted())
        with pytest.raises(UnscopedStatement):
            async with transaction() as db:
                await (await db.connection()).execute(planted())


async def test_a_statement_built_twice_is_refused_twice(clinic: World) -> None:
    """The verdict is kept with the compiled statement; a refusal must not be."""
    for _ in range(3):
        with pytest.raises(UnscopedStatement):
            async with clinic.reading() as db:
                await db.execute(select(PATIENT.c.given_name))


@pytest.mark.parametrize("how", ["update", "delete", "orm update", "text update", "driver"])
async def test_writes_around_the_ledger_never_run(clinic: World, how: str) -> None:
    planted: Any = {
        "update": update(PATIENT).where(PATIENT.c.clinic_id == clinic.id).values(phone="x"),
        "delete": delete(PATIENT).where(PATIENT.c.clinic_id == clinic.id),
        "orm update": update(VitalSigns).where(VitalSigns.clinic_id == clinic.id).values(note="x"),
        "text update": text("UPDATE patient SET phone = 'x'"),
        "driver": None,
    }[how]
    with pytest.raises((ForbiddenWrite, UnscopedStatement)):
        async with clinic.writing() as db:
            if planted is None:
                await (await db.connection()).exec_driver_sql("UPDATE patient SET phone = 'x'")
            else:
                await db.execute(planted)


@pytest.fixture
def recorded(database: Database) -> Iterator[list[tuple[Any, str, bool]]]:
    """Every statement that reaches a cursor, with whether it says that it goes across clinics."""
    seen: list[tuple[Any, str, bool]] = []

    def record(_conn: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        element = getattr(getattr(context, "compiled", None), "statement", None)
        across = bool(context is not None and context.execution_options.get(ACROSS))
        seen.append((element, statement, across))

    engines = {id(one.sync_engine): one.sync_engine for one in (database.reader, database.writer)}
    for engine in engines.values():
        event.listen(engine, "before_cursor_execute", record)
    yield seen
    for engine in engines.values():
        event.remove(engine, "before_cursor_execute", record)


async def test_every_statement_of_every_operation_carries_its_clinic(
    clinic: World, operations: list[Operation], recorded: list[tuple[Any, str, bool]]
) -> None:
    """Judged here once more from outside: by the words of the statement that reached the database."""
    stage = await stage_in(clinic)
    for operation in operations:
        if operation.is_public or operation.id in {"list_clinics", "create_clinic"}:
            continue
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        for http in (stage.care.http, stage.admin.http):
            await call.send(http, operation)
    await clinic.database.sealer.seal()
    touching = 0
    for element, statement, across in recorded:
        words = set(
            statement.lower()
            .replace(".", " ")
            .replace(",", " ")
            .replace("(", " ")
            .replace(")", " ")
            .replace('"', " ")
            .split()
        )
        if not words & clinic_tables() or across:
            continue
        touching += 1
        assert "clinic_id" in words, statement
        if isinstance(element, Select):
            assert "where" in words or "join" in words, statement
            assert list(unscoped_tables(element)) == [], statement
    assert touching > 1000


def test_every_table_of_a_clinic_is_guarded() -> None:
    """The short list of tables without a clinic is named here, so that no table slips out of the guard."""
    without = {name for name in Base.metadata.tables if name not in clinic_tables()}
    assert without == {"account", "token", "login_throttle", "clinic"}
    assert {TreatmentSession.__tablename__, "change", "ledger_head", "idempotency_key"} <= clinic_tables()
