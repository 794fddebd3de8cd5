"""Why something waits for somebody."""

from enum import StrEnum


class WorkKind(StrEnum):
    """The reasons, in the order a morning goes through them."""

    ALERT_OPEN = "alert_open"
    READING_OVERDUE = "reading_overdue"
    EVENT_REPORT_DUE = "event_report_due"
    SESSION_UNSIGNED = "session_unsigned"
    AMENDMENT_OPEN = "amendment_open"
    REASSIGNMENT_UNCONFIRMED = "reassignment_unconfirmed"
    COSIGNATURE_DUE = "cosignature_due"
    DOSE_UNRECONCILED = "dose_unreconciled"
    PLANNED_SESSION_UNSCHEDULED = "planned_session_unscheduled"
    CONSENT_EXPIRING = "consent_expiring"
    SCREENING_EXPIRING = "screening_expiring"
    ENROLMENT_ENDING = "enrolment_ending"
