"""Which value is in force: a patient's own, the clinic's own, or the one that ships.

A clinic never changes a value, it sets another one from an instant on; so what was in force at any instant can be
said, and a result can name the version it was reckoned with. A value that was set in error counts at no instant.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, cast
from uuid import UUID

from app.identity.rules import Role
from app.kernel.data_files import DataFile
from app.kernel.errors import Fault, Invalid

GATE_PROFILE: Final = "gate_profile"


class Kind(StrEnum):
    """What a policy's value is."""

    NUMBER = "number"
    CHOICE = "choice"
    PRESSURE = "pressure"
    GATE = "gate"


class GateMode(StrEnum):
    """What a gate before a dose does when it finds something, from weakest to strongest.

    `warn` shows it, `reason` lets some roles go on with a reason, `hard` lets nobody.
    """

    OFF = "off"
    WARN = "warn"
    REASON = "reason"
    HARD = "hard"


class Profile(StrEnum):
    """How strict all gates are that a clinic has not set one by one."""

    RECORD_ONLY = "record_only"
    STANDARD = "standard"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Pressure:
    """A blood pressure, or a rise of one."""

    systolic_mmhg: int
    diastolic_mmhg: int


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate does, and who may go on with a reason; nobody unless its mode is `reason`."""

    mode: GateMode
    override_roles: tuple[Role, ...] = ()


Value = Decimal | str | Pressure | Gate


class UnknownPolicy(Invalid):
    """No policy has this code."""

    code = "unknown-policy"
    title = "There is no such policy"
    advice = "Take a code from GET /v1/policies."


class PolicyNotSettable(Invalid):
    """The shipped value holds for everybody, or no patient has a value of their own."""

    code = "policy-not-settable"
    title = "This policy cannot be set here"
    advice = "GET /v1/policies says which policies are `settable` by a clinic, and which have a value `per_patient`."


class PolicyValueUnfit(Invalid):
    """The value is not one this policy can have; the fault points at what is wrong with it."""

    code = "policy-value-unfit"
    title = "The policy cannot have this value"
    advice = "GET /v1/policies/{policy_code} shows its kind, its bounds and its choices. `errors` says what is wrong."


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy as it ships.

    Attributes:
        code: Its name.
        version: The file it stands in and that file's version, such as `POLICIES@1`.
        title: What it does, in a sentence.
        kind: What its value is.
        defaults: The value that ships; one for each profile of gates, all alike for what is no gate.
        unit: UCUM; `1` where there is none.
        places: Decimal places a number may have.
        minimum, maximum: Bounds of a number, or of both parts of a pressure.
        choices: What a choice may be.
        never_below: The mode a gate keeps at least outside `record_only`, whatever a clinic sets.
        settable: Whether a clinic may set it.
        per_patient: Whether a patient may have a value of their own.
        source: Where the shipped value comes from.
        verified: Whether that was checked.
    """

    code: str
    version: str
    title: str
    kind: Kind
    defaults: Mapping[Profile, Value]
    unit: str
    places: int
    minimum: Decimal | Pressure | None
    maximum: Decimal | Pressure | None
    choices: tuple[str, ...]
    never_below: GateMode | None
    settable: bool
    per_patient: bool
    source: str
    verified: bool

    @property
    def number(self) -> Decimal:
        """The number that ships."""
        return cast("Decimal", self.defaults[Profile.STANDARD])

    @property
    def pressure(self) -> Pressure:
        """The pressure that ships."""
        return cast("Pressure", self.defaults[Profile.STANDARD])

    def choices_under(self, profile: Profile) -> tuple[str, ...]:
        """What a choice, or the mode of a gate, may be while a profile holds."""
        if self.kind is not Kind.GATE:
            return self.choices
        return tuple(mode.value for mode in GateMode if not self._is_too_weak(mode, profile))

    def keeps(self, value: Value, profile: Profile) -> bool:
        """Whether a value may stand while a profile holds: a gate that is never weaker than some mode keeps it."""
        return not (isinstance(value, Gate) and self._is_too_weak(value.mode, profile))

    def _is_too_weak(self, mode: GateMode, profile: Profile) -> bool:
        if self.never_below is None or profile is Profile.RECORD_ONLY:
            return False
        return _STRENGTH[mode] < _STRENGTH[self.never_below]


_STRENGTH: Final = {mode: strength for strength, mode in enumerate(GateMode)}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value somebody set: the clinic's, or a patient's where `is_patients` says so.

    A `value` of None puts back what would count without it.
    """

    id: UUID
    code: str
    value: object
    effective_at: datetime
    source: str | None = None
    reason: str | None = None
    is_patients: bool = False
    entered_in_error: bool = False


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy's value at an instant, and the version it comes from.

    `setting` is what somebody set, None where the shipped value holds; `default` is what ships, under the profile of
    gates that holds; `profile` is that profile.
    """

    policy: Policy
    value: Value
    version: str
    default: Value
    profile: Profile
    setting: Setting | None

    @property
    def number(self) -> Decimal:
        """Its value, as a number."""
        return cast("Decimal", self.value)

    @property
    def pressure(self) -> Pressure:
        """Its value, as a pressure."""
        return cast("Pressure", self.value)

    @property
    def gate(self) -> Gate:
        """Its value, as what a gate does."""
        return cast("Gate", self.value)

    @property
    def source(self) -> str:
        """Where the value comes from, in words an alert may carry: a reason may be about a patient and stays away."""
        if self.setting is None:
            return self.policy.source
        return self.setting.source or ("The patient's own limit." if self.setting.is_patients else "The clinic's own.")


def in_force(rows: Iterable[Setting], at: datetime) -> Setting | None:
    """The one of a policy's rows that counts at an instant; None where the shipped value does.

    Of those that had begun the latest counts, of two that began at once the one recorded last: ids are made in order
    of time. A row in error never counts.
    """
    begun = [row for row in rows if row.effective_at <= at and not row.entered_in_error]
    return max(begun, key=lambda row: (row.effective_at, row.id), default=None)


def resolve(
    shipped: Mapping[str, Policy], codes: Iterable[str], rows: Collection[Setting], at: datetime
) -> dict[str, InForce]:
    """What is in force at an instant: a patient's own value, else the clinic's, else the one that ships.

    Args:
        shipped: Every policy, by code.
        codes: Which are asked for.
        rows: What was set for these codes, and for `gate_profile` where one of them is a gate.
        at: The instant.
    """
    chosen = in_force((row for row in rows if row.code == GATE_PROFILE), at)
    profile = Profile.STANDARD
    if chosen is not None and chosen.value in tuple(Profile):
        profile = Profile(str(chosen.value))
    return {code: _resolved(shipped[code], rows, at, profile) for code in codes}


def _resolved(policy: Policy, rows: Iterable[Setting], at: datetime, profile: Profile) -> InForce:
    default = policy.defaults[profile]
    own = [row for row in rows if row.code == policy.code]
    for is_patients in (True, False):
        row = in_force((one for one in own if one.is_patients is is_patients), at)
        if row is None or row.value is None:
            continue
        value = value_in(policy.kind, row.value)
        if policy.keeps(value, profile):
            kept_in = "patient_limit" if is_patients else "policy_setting"
            return InForce(policy, value, f"{kept_in}:{row.id}", default, profile, row)
    version = f"{policy.version}:{profile}" if policy.kind is Kind.GATE else policy.version
    return InForce(policy, default, version, default, profile, None)


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unfit(detail: str, pointer: str = "", code: str = "policy_value") -> PolicyValueUnfit:
    return PolicyValueUnfit(faults=[Fault(code, detail, pointer=f"#/value{pointer}")])


def value_in(kind: Kind, told: object) -> Value:
    """A value as JSON has it, read as its kind wants it.

    Raises:
        PolicyValueUnfit: it is another kind of value.
    """
    match kind:
        case Kind.NUMBER:
            if isinstance(told, bool) or not isinstance(told, int | float | Decimal):
                raise _unfit("Must be a number.")
            return Decimal(str(told))
        case Kind.CHOICE:
            if not isinstance(told, str):
                raise _unfit("Must be one of the choices.")
            return told
        case Kind.PRESSURE:
            systolic, diastolic = _members(told, "systolic_mmhg", "diastolic_mmhg")
            return Pressure(_whole(systolic, "/systolic_mmhg"), _whole(diastolic, "/diastolic_mmhg"))
        case Kind.GATE:
            mode, roles = _members(told, "mode", "override_roles")
            if mode not in tuple(GateMode):
                raise _unfit(f"Must be one of {', '.join(GateMode)}.", "/mode")
            if not isinstance(roles, list | tuple):
                raise _unfit("Must be a list of roles.", "/override_roles")
            listed = cast("list[object]", roles)
            if any(role not in tuple(Role) for role in listed):
                raise _unfit(f"Each must be one of {', '.join(Role)}.", "/override_roles")
            return Gate(GateMode(str(mode)), tuple(Role(str(role)) for role in listed))


def _members(told: object, *names: str) -> tuple[object, ...]:
    if not isinstance(told, dict) or set(cast("dict[str, object]", told)) != set(names):
        raise _unfit(f"Must be an object with {' and '.join(names)}.")
    return tuple(cast("dict[str, object]", told)[name] for name in names)


def _whole(told: object, pointer: str) -> int:
    if isinstance(told, bool) or not isinstance(told, int):
        raise _unfit("Must be a whole number.", pointer)
    return told


def as_json(value: Value | None) -> object:
    """A value as JSON has it, whole numbers without a point."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Pressure():
            return {"systolic_mmhg": value.systolic_mmhg, "diastolic_mmhg": value.diastolic_mmhg}
        case Gate():
            return {"mode": value.mode.value, "override_roles": [role.value for role in value.override_roles]}
        case _:
            return value


def require_settable(shipped: Mapping[str, Policy], code: str, *, per_patient: bool) -> Policy:
    """The policy somebody wants to set.

    Raises:
        UnknownPolicy: there is none.
        PolicyNotSettable: its shipped value holds for everybody, or no patient has one of their own.
    """
    if (policy := shipped.get(code)) is None:
        raise UnknownPolicy(faults=[Fault("unknown_policy", "There is no such policy.", pointer="#/code")])
    if not policy.settable or (per_patient and not policy.per_patient):
        detail = "No patient has a value of their own." if policy.settable else "Its shipped value holds for everybody."
        raise PolicyNotSettable(faults=[Fault("not_settable", detail, pointer="#/code")])
    return policy


def require_fits(policy: Policy, told: object, profile: Profile) -> Value:
    """The value somebody wants to set, read and compared with what the policy allows.

    Args:
        policy: The policy.
        told: The value as JSON has it.
        profile: The profile of gates that holds when it comes into force.

    Raises:
        PolicyValueUnfit: another kind of value, beyond the bounds, or a gate weaker than it may be.
    """
    value = value_in(policy.kind, told)
    match value:
        case Decimal():
            _require_number(policy, value)
        case str():
            if value not in policy.choices:
                raise _unfit(f"Must be one of {', '.join(policy.choices)}.")
        case Pressure():
            _require_pressure(policy, value)
        case Gate():
            _require_gate(policy, value, profile)
    return value


def _require_number(policy: Policy, value: Decimal) -> None:
    low, high = policy.minimum, policy.maximum
    assert isinstance(low, Decimal)
    assert isinstance(high, Decimal)
    if not low <= value <= high:
        raise _unfit(f"Must be from {low} to {high} {policy.unit}.")
    if value != round(value, policy.places):
        raise _unfit(f"Must have at most {policy.places} decimal places.")


def _require_pressure(policy: Policy, value: Pressure) -> None:
    low, high = policy.minimum, policy.maximum
    assert isinstance(low, Pressure)
    assert isinstance(high, Pressure)
    if not low.systolic_mmhg <= value.systolic_mmhg <= high.systolic_mmhg:
        raise _unfit(f"Must be from {low.systolic_mmhg} to {high.systolic_mmhg} mmHg.", "/systolic_mmhg")
    if not low.diastolic_mmhg <= value.diastolic_mmhg <= high.diastolic_mmhg:
        raise _unfit(f"Must be from {low.diastolic_mmhg} to {high.diastolic_mmhg} mmHg.", "/diastolic_mmhg")


def _require_gate(policy: Policy, value: Gate, profile: Profile) -> None:
    if not policy.keeps(value, profile):
        raise _unfit(
            f"Under the profile {profile} it is never weaker than {policy.never_below}.", "/mode", "gate_too_weak"
        )
    if (value.mode is GateMode.REASON) != bool(value.override_roles):
        raise _unfit("Roles override a gate whose mode is `reason`, at least one, and no other.", "/override_roles")
    if len(set(value.override_roles)) != len(value.override_roles):
        raise _unfit("Each role once.", "/override_roles")


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def policies_in(file: DataFile) -> dict[str, Policy]:
    """Every policy of a file of values, by code.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file.only("code", "version", "policies")
    return _by_code(file, "policies", _policy)


def gates_in(file: DataFile) -> dict[str, Policy]:
    """Every gate of a file of gates, by code.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file.only("code", "version", "gates")
    return _by_code(file, "gates", _gate)


def _by_code(file: DataFile, field: str, read: Callable[[DataFile, str], Policy]) -> dict[str, Policy]:
    version = f"{file.text('code')}@{file.integer('version', minimum=1)}"
    found: dict[str, Policy] = {}
    for row in file.sections(field):
        policy = read(row, version)
        if policy.code in found:
            row.refuse("code", "appears twice")
        for profile, value in policy.defaults.items():
            try:
                require_fits(policy, as_json(value), profile)
            except PolicyValueUnfit as unfit:
                row.refuse("value", unfit.faults[0].detail)
        found[policy.code] = policy
    return found


_FIELDS: Final = ("code", "title", "kind", "value", "unit", "settable", "per_patient", "source", "verified")
_BOUNDS: Final = {
    Kind.NUMBER: ("places", "minimum", "maximum"),
    Kind.PRESSURE: ("minimum", "maximum"),
    Kind.CHOICE: ("choices",),
}


def _policy(row: DataFile, version: str) -> Policy:
    kind = row.choice("kind", Kind)
    if kind not in _BOUNDS:
        row.refuse("kind", "must not be a gate")
    row.only(*_FIELDS, *_BOUNDS[kind])
    value = _value(row, "value", kind)
    bounds = [_value(row, field, kind) if field in _BOUNDS[kind] else None for field in ("minimum", "maximum")]
    return Policy(
        code=row.text("code"),
        version=version,
        title=row.text("title"),
        kind=kind,
        defaults=dict.fromkeys(Profile, value),
        unit=row.text("unit"),
        places=row.integer("places") if kind is Kind.NUMBER else 0,
        minimum=cast("Decimal | Pressure | None", bounds[0]),
        maximum=cast("Decimal | Pressure | None", bounds[1]),
        choices=row.texts("choices") if kind is Kind.CHOICE else (),
        never_below=None,
        settable=row.flag("settable"),
        per_patient=row.flag("per_patient"),
        source=row.text("source"),
        verified=row.flag("verified"),
    )


def _value(row: DataFile, field: str, kind: Kind) -> Value:
    try:
        return value_in(kind, row.value(field))
    except PolicyValueUnfit as unfit:
        row.refuse(field, unfit.faults[0].detail)


def _gate(row: DataFile, version: str) -> Policy:
    row.only("code", "title", "modes", "override_roles", "never_below", "source", "verified")
    modes = row.section("modes")
    modes.only(*Profile)
    roles = tuple(Role(role) for role in row.texts("override_roles"))
    chosen = {profile: modes.choice(profile, GateMode) for profile in Profile}
    return Policy(
        code=row.text("code"),
        version=version,
        title=row.text("title"),
        kind=Kind.GATE,
        defaults={p: Gate(mode, roles if mode is GateMode.REASON else ()) for p, mode in chosen.items()},
        unit="1",
        places=0,
        minimum=None,
        maximum=None,
        choices=(),
        never_below=None if row.is_null("never_below") else row.choice("never_below", GateMode),
        settable=True,
        per_patient=False,
        source=row.text("source"),
        verified=row.flag("verified"),
    )
