"""The one way from a policy's code to the value that is in force."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, Uuid, bindparam, false, select, true, union_all

from app.kernel import clock
from app.kernel.actor import Actor, whoever_asks
from app.kernel.database import ReadSession
from app.kernel.tables import Base
from app.policies.catalogue import shipped_policies
from app.policies.models import PatientLimit, PolicySetting
from app.policies.rules import InForce, Setting, resolve

setting: Final = Base.metadata.tables[PolicySetting.__tablename__]
limit: Final = Base.metadata.tables[PatientLimit.__tablename__]

_HELD: Final = "policies_in_force"


def visible_policy_settings(actor: Actor) -> Select[Any]:
    """What the clinic has set."""
    return select(setting).where(setting.c.clinic_id == actor.clinic_id)


def visible_patient_limits(actor: Actor) -> Select[Any]:
    """What was set for the clinic's patients."""
    return select(limit).where(limit.c.clinic_id == actor.clinic_id)


_ROW: Final = ("id", "code", "value", "effective_at", "source", "reason")

# Stand for what differs from request to request: most requests ask, so a statement is built once for all.
_CLINIC: Final[Any] = bindparam("policies_clinic_id", type_=Uuid())
_PATIENT: Final[Any] = bindparam("policies_patient_id", type_=Uuid())
_ANYBODY: Final = whoever_asks(_CLINIC)


@cache
def _set(*, by_clinic: bool, for_patient: bool) -> Select[Any] | CompoundSelect[Any]:
    """Everything that was set and stands: by the clinic, for a patient, or both."""
    clinics = visible_policy_settings(_ANYBODY).where(setting.c.entered_in_error_at.is_(None))
    patients = visible_patient_limits(_ANYBODY).where(
        limit.c.patient_id == _PATIENT, limit.c.entered_in_error_at.is_(None)
    )
    asked = [
        clinics.with_only_columns(*(setting.c[name] for name in _ROW), false().label("is_patients")),
        patients.with_only_columns(*(limit.c[name] for name in _ROW), true().label("is_patients")),
    ]
    if by_clinic and for_patient:
        return union_all(*asked)
    return asked[0] if by_clinic else asked[1]


async def values_for(
    db: ReadSession, actor: Actor, codes: Collection[str], patient_id: UUID | None = None, at: datetime | None = None
) -> Mapping[str, InForce]:
    """What is in force, with the version each value comes from.

    A transaction reads once what the clinic has set, and once what was set for a patient, and goes by that and by one
    instant to its end, so that one request is judged by one set of values.

    Args:
        db: A session.
        actor: Who asks.
        codes: Codes of shipped policies.
        patient_id: For whom; None: for the clinic.
        at: When; None: now.
    """
    held: dict[Any, Any] = db.info.setdefault(_HELD, {})
    clinics, patients = (actor.clinic_id, None), (actor.clinic_id, patient_id)
    missing = {whose for whose in (clinics, patients) if whose not in held}
    if missing:
        statement = _set(by_clinic=clinics in missing, for_patient=patients != clinics)
        wanted = {_CLINIC.key: actor.clinic_id, _PATIENT.key: patient_id}
        rows = [Setting(**row) for row in (await db.execute(statement, wanted)).mappings()]
        held |= {whose: [row for row in rows if row.is_patients is (whose != clinics)] for whose in missing}
    known: list[Setting] = held[clinics] if patients == clinics else [*held[clinics], *held[patients]]
    return resolve(shipped_policies(), codes, known, at or held.setdefault("at", clock.now()))


async def number_for(db: ReadSession, actor: Actor, code: str) -> Decimal:
    """The number of one policy that is in force for the clinic now."""
    return (await values_for(db, actor, [code]))[code].number


def forget_values(db: ReadSession) -> None:
    """Ask again after something was set in this transaction."""
    db.info.pop(_HELD, None)
