"""The list of sessions over HTTP: rows an integrator need not ask further about."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.endpoint import Endpoint, ReadDb, require, require_permission
from app.kernel.pagination import Order, Paging, fetch_page
from app.kernel.records import Needs, Resource, WithEnteredInError, page_response
from app.kernel.schemas import Id, Page, UtcTime
from app.protocols.rules import Route
from app.sessions.models import TreatmentSession
from app.sessions.queries import session, visible_sessions
from app.sessions.routes import CLINICAL
from app.sessions.rules import SessionStatus
from app.treatment.rows import queries
from app.treatment.rows.answers import Patient, told
from app.treatment.rows.schemas import SessionRowRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSchedule = Annotated[Actor, Depends(require("schedule:read"))]

SESSION_ROW: Final = Resource(
    TreatmentSession,
    SessionRowRead,
    "schedule:read",
    visible_sessions,
    needs=(
        Needs(
            CLINICAL.permission,
            (
                *CLINICAL.members,
                "lifetime_number",
                "ordered_mg",
                "ordered_mg_per_kg",
                "given_drug",
                "given_route",
                "placebo",
                "delivered_mg",
                "delivered_mg_per_kg",
                "wasted_mg",
                "weight_kg",
                "administration_count",
                "vital_signs_count",
                "dissociation_note_count",
                "adverse_event_count",
                "serious_adverse_event_count",
                "observation_minutes",
                "prescriber",
                "given_by",
                "pressure_baseline",
                "pressure_peak",
                "dissociation_max",
            ),
        ),
        Needs("course:read", ("protocol_code", "protocol_version", "phase", "indication_code")),
        Needs("score:read", ("assessment_count", "scores", "score_rules")),
        Needs("alert:read", ("open_alert_count",)),
        Needs("patient:read", ("patient_identifiers",)),
    ),
)
# What may be left out of a row is the free text.
_TEXT: Final = frozenset(name for name, member in SessionRowRead.model_fields.items() if not member.is_required())
_ALL: Final = tuple(SessionRowRead.model_fields)
_OWN: Final = tuple(name for name in _ALL if name in session.c or name in {"object", "entered_in_error"})


class SessionSort(StrEnum):
    """Orders of a list of sessions; a minus means latest first."""

    LATEST = "-session_at"
    EARLIEST = "session_at"
    LAST_UPDATED = "-updated_at"
    FIRST_UPDATED = "updated_at"


class SessionRowPart(StrEnum):
    """What may be added to each row."""

    TEXT = "text"


@router.get("/sessions", response_model=Page[SessionRowRead])
async def list_sessions(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadSchedule,
    page: Paging,
    with_errors: WithEnteredInError,
    course_id: Annotated[list[Id], Query(max_length=100, description="Only of these courses.")] = [],  # noqa: B006
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    status: Annotated[list[SessionStatus], Query(max_length=100, description="Only in these states.")] = [],  # noqa: B006
    route: Annotated[list[Route], Query(max_length=100, description="Only by these routes.")] = [],  # noqa: B006
    location_id: Annotated[list[Id], Query(max_length=100, description="Only at these locations.")] = [],  # noqa: B006
    staff_id: Annotated[
        list[Id],
        Query(max_length=100, description="Only ordered or given by these principals; needs `session:read`."),
    ] = [],  # noqa: B006
    started_from: Annotated[UtcTime | None, Query(description="First dose at or after; needs `session:read`.")] = None,
    started_until: Annotated[UtcTime | None, Query(description="First dose before; needs `session:read`.")] = None,
    updated_from: Annotated[
        UtcTime | None, Query(description="Updated at or after; to miss nothing use the feed.")
    ] = None,
    sort: Annotated[SessionSort, Query(description="The order.")] = SessionSort.LATEST,
    include: Annotated[
        list[SessionRowPart], Query(max_length=100, description="`text` adds what was written in free words.")
    ] = [],  # noqa: B006
) -> Response:
    """The clinic's sessions, the latest first, each with what an integrator needs of it.

    What was given comes with who ordered and gave it, what was measured with its baseline and peak, scores with those
    nearest before and after. Members that need a permission you lack are null, and `withheld` names the permission.
    """
    columns = session.c
    statement = visible_sessions(actor)
    wanted = (
        (columns.course_id, course_id),
        (columns.patient_id, patient_id),
        (columns.status, status),
        (columns.route, route),
        (columns.location_id, location_id),
    )
    for column, values in wanted:
        if values:
            statement = statement.where(column.in_(values))
    if staff_id or started_from is not None or started_until is not None:
        # Whoever may not read a member may not find it out by asking for it.
        require_permission(actor, CLINICAL.permission)
    if staff_id:
        statement = statement.where(queries.sessions_of_staff(actor, staff_id))
    if started_from is not None:
        statement = statement.where(columns.started_at >= started_from)
    if started_until is not None:
        statement = statement.where(columns.started_at < started_until)
    if updated_from is not None:
        statement = statement.where(columns.updated_at >= updated_from)
    if not with_errors:
        statement = statement.where(columns.entered_in_error_at.is_(None))
    order = Order(columns[sort.value.removeprefix("-")], columns.id, descending=sort.value.startswith("-"))
    rows = await fetch_page(db, actor, statement.with_only_columns(*order.columns()), order, page)
    shown = await _shown(db, actor, [row["id"] for row in rows.rows], text=SessionRowPart.TEXT in include)
    return page_response(db, shown, rows, page)


async def _shown(db: ReadSession, actor: Actor, ids: Sequence[UUID], *, text: bool) -> list[dict[str, Any]]:
    """These sessions' rows, in this order."""
    found = await db.execute(*queries.told_sessions(actor, _OWN, list(ids)))
    told_of = {row.id: orjson.loads(row.shown) for row in found}
    concerned = sorted({UUID(row["patient_id"]) for row in told_of.values()})
    around = [orjson.loads(one) for one in (await db.execute(*queries.told_patients(actor, concerned))).scalars()]
    by_id = {one["id"]: one for one in around}
    # Days are those of the course's clock, and a patient's courses need not share one.
    patients: dict[tuple[str, str], Patient] = {}
    members = [name for name in _ALL if text or name not in _TEXT]
    shown: list[dict[str, Any]] = []
    withheld: dict[str, Any] = {"withheld": [], **SESSION_ROW.withheld(actor)}
    for row in map(told_of.__getitem__, ids):
        patient_id, time_zone = key = row["patient_id"], row["course"][0]["time_zone"]
        if key not in patients:
            patients[key] = Patient(by_id[patient_id], time_zone)
        whole = told(row, patients[key]) | withheld
        shown.append({name: whole[name] for name in members})
    return shown
