"""The shipped policies, read once."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from app.kernel import policies as kernel
from app.kernel.data_files import DataFile
from app.policies.rules import Kind, Policy, Profile, gates_in, policies_in

_DATA: Final = Path(__file__).parent / "data"


@cache
def shipped_policies() -> Mapping[str, Policy]:
    """The newest version of every policy, in the order of their codes."""
    found = _of_the_kernel()
    found |= policies_in(DataFile.read(_newest("POLICIES"))) | gates_in(DataFile.read(_newest("GATES")))
    return dict(sorted(found.items()))


def _newest(code: str) -> Path:
    return max(_DATA.glob(f"{code}@*.json"), key=lambda path: int(path.stem.partition("@")[2]))


def _of_the_kernel() -> dict[str, Policy]:
    """What lies below every area holds for everybody."""
    return {
        row.code: Policy(
            code=row.code,
            version=f"policies@{kernel.VERSION}",
            title=row.source,
            kind=Kind.NUMBER,
            defaults=dict.fromkeys(Profile, row.value),
            unit=row.unit,
            places=0,
            minimum=row.value,
            maximum=row.value,
            choices=(),
            never_below=None,
            settable=False,
            per_patient=False,
            source=row.source,
            verified=False,
        )
        for row in kernel.shipped().values()
    }


def clock_tolerance() -> timedelta:
    """So far may the clock of a device that sends be ahead of the server's."""
    return timedelta(minutes=int(shipped_policies()["clock_tolerance_minutes"].number))
