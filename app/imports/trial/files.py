"""The three files of the data set that are read, and the mark they leave on what is recorded from them."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from app.imports.findings import Finding, UnusableFile
from app.imports.tables import Row, read_bytes, read_table
from app.imports.trial.rules import PARTICIPANT_COLUMNS, PHENOTYPE_COLUMNS

DESCRIPTION: Final = "dataset_description.json"
PARTICIPANTS: Final = "participants.tsv"
PHENOTYPE: Final = "phenotype.tsv"
_DOI: Final = re.compile(r"(?:doi:|https://doi\.org/)?(10\.18112/openneuro\.ds005917\.v\d+\.\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """What was read. `digest` is the SHA-256 of the three files, `doi` names data set and version."""

    doi: str
    digest: str
    participants: Sequence[Row]
    phenotype: Sequence[Row]
    findings: Sequence[Finding]

    @property
    def identifier_system(self) -> str:
        """Who gives the participants' codes."""
        return f"https://doi.org/{self.doi}"

    @property
    def data_set(self) -> str:
        """The data set's short name."""
        return self.doi.split(".")[-4]


def read_files(directory: Path) -> TrialFiles:
    """Read the data set.

    Raises:
        UnusableFile: a file is missing, lacks a column, or is of another data set; everything wrong is listed.
    """
    findings: list[Finding] = []
    unusable: list[Finding] = []
    tables: dict[str, list[Row]] = {}
    doi = ""
    try:
        doi = _doi(directory / DESCRIPTION)
    except UnusableFile as error:
        unusable += error.findings
    for name, columns in ((PARTICIPANTS, PARTICIPANT_COLUMNS), (PHENOTYPE, PHENOTYPE_COLUMNS)):
        try:
            tables[name], wrong = read_table(directory / name, columns)
            findings += wrong
        except UnusableFile as error:
            unusable += error.findings
    if unusable:
        raise UnusableFile(unusable)
    return TrialFiles(doi, _digest(directory), tables[PARTICIPANTS], tables[PHENOTYPE], findings)


def _doi(path: Path) -> str:
    try:
        told: object = json.loads(read_bytes(path))
    except ValueError:  # also what is not UTF-8
        raise UnusableFile([Finding(path.name, 1, None, "not_json", "The file is not JSON.")]) from None
    doi = cast("dict[str, object]", told).get("DatasetDOI") if isinstance(told, dict) else None
    found = _DOI.fullmatch(doi) if isinstance(doi, str) else None
    if found is None:
        detail = "The files must be of OpenNeuro ds005917; the DOI is another or missing."
        raise UnusableFile([Finding(path.name, 1, "DatasetDOI", "other_data_set", detail)])
    return found[1]


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for name in (DESCRIPTION, PARTICIPANTS, PHENOTYPE):
        content = read_bytes(directory / name)
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
