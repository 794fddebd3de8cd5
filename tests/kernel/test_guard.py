"""No statement touches a clinic's table without saying which clinic."""

from uuid import UUID

import pytest
from sqlalchemy import (
    Alias,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    lateral,
    literal_column,
    not_,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.sql.elements import ClauseElement

from app.kernel.database import Database
from app.kernel.guard import UnscopedStatement, unscoped_tables
from app.patients.models import Patient, Weight
from migrations.env_tables import all_tables

HERE = UUID(int=1)
TABLES = all_tables().tables
patient = TABLES["patient"]
weight = TABLES["weight"]
account = TABLES["account"]
here = patient.c.clinic_id == HERE
weighed_here = weight.c.clinic_id == HERE
same_clinic = weight.c.clinic_id == patient.c.clinic_id
same_patient = weight.c.patient_id == patient.c.id
again: Alias = patient.alias("again")
recent = select(weight.c.patient_id).where(weighed_here).cte("recent")
leaky = select(weight.c.patient_id).cte("leaky")

UNSCOPED: dict[str, ClauseElement] = {
    "a select": select(patient),
    "a select by id": select(patient).where(patient.c.id == HERE),
    "an entity": select(Patient),
    "an entity by id": select(Patient).where(Patient.id == HERE),
    "a count": select(func.count()).select_from(patient),
    "hidden below OR": select(patient).where(or_(here, true())),
    "hidden below OR with AND": select(patient).where(or_(here & (patient.c.sex == "male"), patient.c.sex == "female")),
    "hidden below NOT": select(patient).where(not_(here)),
    "not equal": select(patient).where(patient.c.clinic_id != HERE),
    "greater": select(patient).where(patient.c.clinic_id >= HERE),
    "not null": select(patient).where(patient.c.clinic_id.is_not(None)),
    "one of several": select(patient).where(patient.c.clinic_id.in_([HERE, UUID(int=2)])),
    "equal to itself": select(patient).where(patient.c.clinic_id == patient.c.clinic_id),
    "equal to another column": select(patient).where(patient.c.clinic_id == patient.c.id),
    "equal to a text": select(patient).where(patient.c.clinic_id == literal_column("clinic_id")),
    "equal only as a shown column": select(patient.c.clinic_id == HERE).select_from(patient),
    "in HAVING": select(patient.c.sex).group_by(patient.c.sex, patient.c.clinic_id).having(here),
    "a join that ties nothing": select(patient).join(weight, same_patient).where(here),
    "a join where both are tied to each other only": select(patient).join(weight, same_clinic & same_patient),
    "a cross product": select(patient, weight).where(here),
    "an outer join whose optional side is loose": select(patient).outerjoin(weight, same_patient).where(here),
    "an outer join that limits the left in its condition": select(patient).outerjoin(weight, here & same_patient),
    "an outer join that ties the left to the right": select(patient).outerjoin(weight, same_clinic & weighed_here),
    "a full join": select(patient).join(weight, here & weighed_here, full=True),
    "a self join": select(patient, again).where(here, again.c.family_name_folded == patient.c.family_name_folded),
    "an alias": select(again).where(again.c.id == HERE),
    "a subquery in IN": select(patient).where(here, patient.c.id.in_(select(weight.c.patient_id))),
    "a subquery in FROM": select(select(patient).subquery()),
    "a subquery in FROM of a table that is scoped outside": select(select(patient.c.id).subquery(), patient).where(
        here
    ),
    "a scalar subquery": select(patient, select(func.max(weight.c.weight_kg)).scalar_subquery()).where(here),
    "an EXISTS tied by patient only": select(patient).where(here, exists().where(same_patient)),
    "an EXISTS that reads anew": select(weight).where(
        weighed_here, exists(select(weight.c.id).where(weight.c.weight_kg > 1).correlate(None))
    ),
    "a CTE": select(leaky),
    "a CTE beside a scoped table": select(patient).join(leaky, leaky.c.patient_id == patient.c.id).where(here),
    "one half of a union": union_all(select(patient.c.id).where(here), select(weight.c.id)),
    "a union inside": select(union_all(select(patient.c.id), select(patient.c.id).where(here)).subquery()),
    "an ORDER BY subquery": select(patient)
    .where(here)
    .order_by(select(func.max(weight.c.weight_kg)).scalar_subquery()),
    "an update": update(patient).values(sex="male"),
    "an update by id": update(patient).where(patient.c.id == HERE).values(sex="male"),
    "an update by another table": update(patient).where(here, same_patient).values(sex="male"),
    "an update with a loose value": update(patient)
    .where(here)
    .values(phone=select(func.max(weight.c.measured_by)).scalar_subquery()),
    "a delete": delete(patient),
    "a delete by subquery": delete(patient).where(here, patient.c.id.in_(select(weight.c.patient_id))),
    "an insert from a select": insert(patient).from_select(["id"], select(weight.c.patient_id)),
    "a text inside": select(patient.c.id).where(here, text("id IN (SELECT patient_id FROM weight)")),
    "a literal column": select(literal_column("(SELECT count(*) FROM weight)")),
    "a text in FROM": select(literal_column("1")).select_from(text("weight")),
    "a lateral": select(patient).join(lateral(select(weight).where(same_patient)), true()).where(here),
}

SCOPED: dict[str, ClauseElement] = {
    "a select": select(patient).where(here),
    "an entity": select(Patient).where(Patient.clinic_id == HERE, Patient.id == HERE),
    "the other way round": select(patient).where(bindparam("c", HERE) == patient.c.clinic_id),
    "AND inside AND": select(patient).where((here & (patient.c.sex == "male")) & (patient.c.phone.is_(None))),
    "beside an OR": select(patient).where(here, or_(patient.c.sex == "male", patient.c.sex == "female")),
    "a join, tied": select(patient).join(weight, same_clinic & same_patient).where(here),
    "a join, both said": select(patient).join(weight, same_patient).where(here, weighed_here),
    "a join, said in its condition": select(patient).join(weight, here & same_clinic & same_patient),
    "an outer join": select(patient).outerjoin(weight, same_clinic & same_patient).where(here),
    "an outer join said in its condition": select(patient).outerjoin(weight, weighed_here & same_patient).where(here),
    "a chain": select(patient)
    .join(again, again.c.clinic_id == patient.c.clinic_id)
    .join(weight, weight.c.clinic_id == again.c.clinic_id)
    .where(here),
    "a subquery": select(patient).where(here, patient.c.id.in_(select(weight.c.patient_id).where(weighed_here))),
    "an EXISTS, tied": select(patient).where(here, exists().where(same_clinic, same_patient)),
    "a scalar subquery, tied": select(
        patient.c.id, select(func.max(weight.c.weight_kg)).where(same_clinic, same_patient).scalar_subquery()
    ).where(here),
    "a CTE": select(recent),
    "a union": union_all(select(patient.c.id).where(here), select(weight.c.id).where(weighed_here)),
    "an update": update(patient).where(here, patient.c.id == HERE).values(sex="male"),
    "a delete": delete(weight).where(weighed_here),
    "an insert": insert(patient).values(clinic_id=HERE, id=HERE),
    "a table of the installation": select(account).where(account.c.username == "x"),
    "nothing at all": select(false()),
    "a lateral that says so itself": select(patient)
    .join(lateral(select(weight).where(weighed_here)), true())
    .where(here),
}


@pytest.mark.parametrize("statement", UNSCOPED.values(), ids=UNSCOPED)
def test_unscoped_statements_are_found(statement: ClauseElement) -> None:
    assert list(unscoped_tables(statement))


@pytest.mark.parametrize("statement", SCOPED.values(), ids=SCOPED)
def test_scoped_statements_pass(statement: ClauseElement) -> None:
    assert list(unscoped_tables(statement)) == []


@pytest.mark.filterwarnings("ignore:.*cartesian product")
@pytest.mark.parametrize("statement", UNSCOPED.values(), ids=UNSCOPED)
async def test_unscoped_statements_never_reach_the_database(database: Database, statement: ClauseElement) -> None:
    if database.dialect == "sqlite" and "LATERAL" in str(statement):
        return  # SQLite has no such thing
    async with database.reading() as db:
        with pytest.raises(UnscopedStatement):
            await (await db.connection()).execute(statement)  # type: ignore[call-overload]


TEXTS = [
    "SELECT * FROM patient",
    "select * from Patient where id = 'x'",
    "SELECT w.* FROM weight w",
    "UPDATE patient SET sex = 'drop'",
    "DELETE FROM weight",
    'SELECT * FROM "patient"',
    "WITH a AS (SELECT * FROM change) SELECT * FROM a",
]


@pytest.mark.parametrize("statement", TEXTS)
async def test_text_without_a_clinic_never_reaches_the_database(database: Database, statement: str) -> None:
    async with database.writing() as db:
        with pytest.raises(UnscopedStatement):
            await db.execute(text(statement))
    async with database.writing() as db:
        with pytest.raises(UnscopedStatement):
            await (await db.connection()).exec_driver_sql(statement)


async def test_a_verdict_is_not_carried_over_to_other_statements(database: Database) -> None:
    """The verdict sits on the compiled statement; a statement that looks alike is judged for itself."""
    async with database.reading() as db:
        await db.execute(select(patient).where(here))
        with pytest.raises(UnscopedStatement):
            await db.execute(select(patient))
        await db.execute(select(patient), execution_options={"across_clinics": "a test"})
        with pytest.raises(UnscopedStatement):
            await db.execute(select(patient))


def test_every_table_with_a_clinic_is_guarded() -> None:
    for table in TABLES.values():
        if "clinic_id" in table.c:
            assert list(unscoped_tables(select(table))) == [table.name]


def test_weights_are_one_of_them() -> None:
    assert list(unscoped_tables(select(Weight))) == ["weight"]


def test_only_these_tables_belong_to_no_clinic() -> None:
    """A new table belongs to a clinic unless somebody decides otherwise here."""
    without = {name for name, table in TABLES.items() if "clinic_id" not in table.c}
    assert without == {"account", "clinic", "login_throttle", "token"}
