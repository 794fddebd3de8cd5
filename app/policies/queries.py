"""The one way from a policy's code to the value that is in force."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, false, select, true, union_all

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.tables import Base
from app.policies.catalogue import shipped_policies
from app.policies.models import PatientLimit, PolicySetting
from app.policies.rules import GATE_PROFILE, InForce, Kind, Setting, resolve

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


def _set(
    actor: Actor, codes: Collection[str], patient_id: UUID | None, at: datetime
) -> Select[Any] | CompoundSelect[Any]:
    """What was set for these codes and had begun by an instant, by the clinic and for the patient, in one statement."""
    clinics = visible_policy_settings(actor).where(
        setting.c.code.in_(codes), setting.c.effective_at <= at, setting.c.entered_in_error_at.is_(None)
    )
    columns = [setting.c[name] for name in _ROW]
    if patient_id is None:
        return clinics.with_only_columns(*columns, false().label("is_patients"))
    patients = visible_patient_limits(actor).where(
        limit.c.patient_id == patient_id,
        limit.c.code.in_(codes),
        limit.c.effective_at <= at,
        limit.c.entered_in_error_at.is_(None),
    )
    return union_all(
        clinics.with_only_columns(*columns, false().label("is_patients")),
        patients.with_only_columns(*(limit.c[name] for name in _ROW), true().label("is_patients")),
    )


async def values_for(
    db: ReadSession, actor: Actor, codes: Collection[str], patient_id: UUID | None = None, at: datetime | None = None
) -> Mapping[str, InForce]:
    """What is in force, with the version each value comes from, in one statement.

    What was once asked for holds to the end of the transaction, so that one request is judged by one set of values.

    Args:
        db: A session.
        actor: Who asks.
        codes: Codes of shipped policies.
        patient_id: For whom; None: for the clinic.
        at: When; None: now.
    """
    shipped = shipped_policies()
    held: dict[Any, InForce] = db.info.setdefault(_HELD, {}) if at is None else {}
    missing = [code for code in codes if (actor.clinic_id, patient_id, code) not in held]
    if missing:
        wanted = {*missing, GATE_PROFILE} if any(shipped[code].kind is Kind.GATE for code in missing) else {*missing}
        now = at or clock.now()
        rows = (await db.execute(_set(actor, sorted(wanted), patient_id, now))).mappings()
        found = resolve(shipped, missing, [Setting(**row) for row in rows], now)
        held |= {(actor.clinic_id, patient_id, code): value for code, value in found.items()}
    return {code: held[actor.clinic_id, patient_id, code] for code in codes}


async def number_for(db: ReadSession, actor: Actor, code: str) -> Decimal:
    """The number of one policy that is in force for the clinic now."""
    return (await values_for(db, actor, [code]))[code].number


def forget_values(db: ReadSession) -> None:
    """Ask again after something was set in this transaction."""
    db.info.pop(_HELD, None)
