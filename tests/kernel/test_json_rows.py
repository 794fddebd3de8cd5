"""What the database writes as JSON is what the application writes of the same row."""

import pytest
from sqlalchemy import event

from app.kernel.database import Database
from tests.factories.patients import make_patient, make_weight
from tests.factories.sessions import make_session
from tests.world import World


@pytest.mark.parametrize("weight_kg", [80, 82.4, 82.45, 100.1])
@pytest.mark.parametrize(
    "measured_at",
    ["2026-03-02T14:05:00Z", "2026-03-02T14:05:00.500000Z", "2026-03-02T14:05:00.000001Z", "1999-12-31T23:59:59.12Z"],
)
async def test_a_row_reads_to_the_letter_as_it_was_answered_when_it_was_written(
    clinic: World, weight_kg: float, measured_at: str
) -> None:
    nurse = await clinic.client("nurse")
    patient = await clinic.make(make_patient)
    body = {"weight_kg": weight_kg, "measured_at": measured_at, "measured_by": 'S. "Sam" Levy ü \\ +00:00'}
    made = await nurse.post(f"/v1/patients/{patient.id}/weights", json=body)
    assert made.status_code == 201
    listed = await nurse.get(f"/v1/patients/{patient.id}/weights")
    assert made.text in listed.text


async def test_a_mark_is_shown_alike(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    weight = await clinic.make(make_weight, await clinic.make(make_patient))
    address = f"/v1/weights/{weight.id}"
    marked = await nurse.post(
        f"{address}/mark-entered-in-error", json={"reason": "wrong patient"}, headers={"if-match": '"1"'}
    )
    assert marked.json()["entered_in_error"]["reason"] == "wrong patient"
    assert (await nurse.get(address)).text == marked.text


async def test_a_whole_session_is_one_statement_and_reads_no_other_session_s_rows(
    clinic: World, database: Database, dialect: str
) -> None:
    treatment = await clinic.make(make_session)
    prescriber = await clinic.client()
    asked: list[tuple[str, object]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if "treatment_session" in statement:
            asked.append((statement, parameters))

    engine = database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    answer = await prescriber.get(f"/v1/sessions/{treatment.id}/record")
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    ((statement, parameters),) = asked
    if dialect == "sqlite":
        async with database.reading() as db:
            connection = await db.connection()
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
        assert not [step for *_, step in plan if step.endswith("(clinic_id=?)")]
