"""Spreadsheets for tests: rows as dictionaries, written as somebody's program would write them."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

ROBIN = {
    "patient_key": "P1", "given_name": "Robin", "family_name": "Sampleton", "birth_on": "1984-02-03", "sex": "f",
    "session_on": "2021-03-01", "session_time": "09:05", "weight_kg": "82.4", "drug": "ketamine", "route": "iv",
    "dose_mg": "41.2", "infusion_minutes": "40", "pressure_before": "124/78", "pressure_peak": "141/88",
    "peak_minutes": "40", "dissociation": "6", "dissociation_note": "Calm.",
    **{f"phq9_before_item_{number}": answer for number, answer in enumerate("232323221", start=1)},
    "madrs_after_total": "14", "madrs_after_on": "2021-03-02",
}  # fmt: skip
AGAIN = ROBIN | {
    "session_on": "2021-03-04", "phq9_before_item_9": "0", "dose_mg": "43", "madrs_after_total": "", "madrs_after_on": "",
}  # fmt: skip
NOOR = {
    "patient_key": "P2", "given_name": "Noor", "family_name": "Exemplar", "birth_on": "1971-11-30", "sex": "m",
    "session_on": "2021-04-05", "drug": "ketamine", "route": "iv", "dose_mg": "48",
}  # fmt: skip
SHEET = (ROBIN, NOOR, AGAIN)


def text_of(rows: Sequence[Mapping[str, str]], *, sign: str = ",", columns: Sequence[str] | None = None) -> str:
    """The rows as CSV; every column that any row has."""
    names = columns or list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", delimiter=sign, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_sheet(directory: Path, *rows: Mapping[str, str], encoding: str = "utf-8", sign: str = ",") -> Path:
    """Write the rows to a file."""
    path = directory / "sessions.csv"
    path.write_bytes(text_of(rows or SHEET, sign=sign).encode(encoding))
    return path
