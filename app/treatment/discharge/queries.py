"""What was measured, noted, rated and alarmed around a discharge."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertSeverity, AlertStatus
from app.assessments.queries import assessment, visible_assessments
from app.kernel.actor import Actor
from app.monitoring.queries import dissociation_note, visible_dissociation_notes, visible_vital_signs, vital_signs

_URGENT: Final = (AlertSeverity.URGENT, AlertSeverity.EMERGENCY)
_CADSS: Final = "CADSS23"


def readings_of(actor: Actor, session_id: UUID) -> Select[Any, Any, Any, Any, Any, Any]:
    """A session's readings that stand."""
    columns = vital_signs.c
    return (
        visible_vital_signs(actor)
        .where(columns.session_id == session_id, columns.entered_in_error_at.is_(None))
        .with_only_columns(
            columns.measured_at,
            columns.systolic_mmhg,
            columns.diastolic_mmhg,
            columns.spo2_percent,
            columns.oxygen_l_per_min,
            columns.sedation_moaas,
        )
    )


def intensities_of(actor: Actor, session_id: UUID) -> Select[Any, Any]:
    """How strong dissociation was noted to be."""
    columns = dissociation_note.c
    return (
        visible_dissociation_notes(actor)
        .where(columns.session_id == session_id, columns.intensity.is_not(None), columns.entered_in_error_at.is_(None))
        .with_only_columns(columns.observed_at, columns.intensity)
    )


def cadss_of(actor: Actor, session_id: UUID) -> Select[Any, Any]:
    """How strong dissociation was rated to be; only a rating whose moment is known tells anything here."""
    columns = assessment.c
    return (
        visible_assessments(actor)
        .where(
            columns.session_id == session_id,
            columns.instrument == _CADSS,
            columns.total.is_not(None),
            columns.answered_at.is_not(None),
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(columns.answered_at, columns.total)
    )


def open_urgent_alerts(actor: Actor, patient_id: UUID) -> Select[Any]:
    """How many urgent alerts of a patient nobody has acknowledged."""
    columns = alert.c
    return (
        visible_alerts(actor)
        .where(
            columns.patient_id == patient_id,
            columns.status == AlertStatus.OPEN,
            columns.severity.in_(_URGENT),
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(func.count())
    )
