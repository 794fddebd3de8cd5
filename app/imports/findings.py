"""What an import has to say about a file: where, which rule, and what follows. It never repeats what a cell holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a finding weighs."""

    REFUSED = "refused"
    """Something is wrong with the row; nothing of it was recorded, and the command fails."""

    UNPLACEABLE = "unplaceable"
    """Nothing is wrong, but the data set does not tell enough to record it; the command does not fail."""

    NOTED = "noted"
    """It was recorded, and somebody should know how; the command does not fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about one place of a file. Line 1 is the header."""

    file: str
    line: int
    column: str | None
    rule: str
    detail: str
    weight: Weight = Weight.REFUSED


class UnusableFile(Exception):
    """A file cannot be read at all, so nothing was recorded from any of them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("The files cannot be read.")
        self.findings = tuple(findings)
