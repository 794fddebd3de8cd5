"""Alerts over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.alerts import actions, queries
from app.alerts.models import Alert
from app.alerts.rules import AlertSeverity, AlertStatus, IllegalAlertMove
from app.alerts.schemas import AcknowledgeAlert, AlertRead, ResolveAlert
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import Resource, WithEnteredInError, answer_page, changed, register
from app.kernel.schemas import Id, Page

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["alerts"])

MayReadAlerts = Annotated[Actor, Depends(require("alert:read"))]
MayAnswerAlerts = Annotated[Actor, Depends(require("alert:write"))]

ALERT: Final = register(Resource(Alert, AlertRead, "alert:read", queries.visible_alerts))

_VERB: Final = documented(NotFound, IllegalAlertMove, PreconditionFailed, PreconditionRequired)


@router.get("/alerts", response_model=Page[AlertRead])
async def list_alerts(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadAlerts,
    page: Paging,
    with_errors: WithEnteredInError,
    status: Annotated[list[AlertStatus], Query(max_length=100, description="Only in these states.")] = [],  # noqa: B006
    severity: Annotated[list[AlertSeverity], Query(max_length=100, description="Only of these severities.")] = [],  # noqa: B006
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only about these patients.")] = [],  # noqa: B006
    session_id: Annotated[list[Id], Query(max_length=100, description="Only of these sessions.")] = [],  # noqa: B006
    escalated: Annotated[
        bool | None, Query(description="Only those whose clock has run out, or only the others.")
    ] = None,
) -> Response:
    """Alerts, the one raised last first."""
    statement = queries.visible_alerts(actor)
    columns = queries.alert.c
    filters = (
        (columns.status, status),
        (columns.severity, severity),
        (columns.patient_id, patient_id),
        (columns.session_id, session_id),
    )
    for column, wanted in filters:
        if wanted:
            statement = statement.where(column.in_(wanted))
    if escalated is not None:
        statement = statement.where(columns.escalation_level > 0 if escalated else columns.escalation_level == 0)
    order = Order(columns.raised_at, columns.id, descending=True)
    return await answer_page(db, ALERT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, ALERT, path="/alerts", singular="alert", title="one alert")


@router.post("/alerts/{alert_id}/acknowledge", response_model=AlertRead, responses=_VERB)
async def acknowledge_alert(
    db: WriteDb, actor: MayAnswerAlerts, alert_id: UUID, body: AcknowledgeAlert, if_match: IfMatch
) -> Response:
    """Say that you have seen it; your name stays with it."""
    return await changed(db, ALERT, actor, await actions.acknowledge_alert(db, actor, alert_id, body, if_match))


@router.post("/alerts/{alert_id}/resolve", response_model=AlertRead, responses=_VERB)
async def resolve_alert(
    db: WriteDb, actor: MayAnswerAlerts, alert_id: UUID, body: ResolveAlert, if_match: IfMatch
) -> Response:
    """End it, with what was decided."""
    return await changed(db, ALERT, actor, await actions.resolve_alert(db, actor, alert_id, body, if_match))
