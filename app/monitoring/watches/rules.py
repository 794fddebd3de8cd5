"""Whom a watch can be handed to."""

from app.kernel.errors import Invalid


class NotOnStaff(Invalid):
    """Only somebody who works in the clinic can watch a patient."""

    code = "not-on-staff"
    title = "This is nobody who works in the clinic"
    advice = "Name a member of staff who is not disabled; GET /v1/staff lists them."
