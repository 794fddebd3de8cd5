"""Reading tab-separated tables as BIDS writes them: a header, one row a line, `n/a` where a value is missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.imports.findings import Finding, UnusableFile, Weight

MISSING: Final = "n/a"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands, and its cells by column; a missing value is None and never a number."""

    file: str
    line: int
    cells: Mapping[str, str | None]

    def fault(self, column: str | None, rule: str, detail: str, weight: Weight = Weight.REFUSED) -> Finding:
        """A finding about this row."""
        return Finding(self.file, self.line, column, rule, detail, weight)


def read_table(path: Path, columns: Collection[str]) -> tuple[list[Row], list[Finding]]:
    """Read a table's rows, each with the columns asked for.

    Returns:
        The rows that can be read, and what is wrong with the others.

    Raises:
        UnusableFile: there is no such file, or its header lacks a column.
    """
    content = read_bytes(path).removeprefix(_BYTE_ORDER_MARK)
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    header, findings = _header(path.name, lines[0] if lines else b"", columns)
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], start=2):
        read = _row(path.name, number, header, line.removesuffix(b"\r"))
        if isinstance(read, Row):
            rows.append(read)
        else:
            findings.append(read)
    return rows, findings


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises:
        UnusableFile: it is not there or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        finding = Finding(path.name, 0, None, "file_missing", "The directory has no such file.")
    except OSError:
        finding = Finding(path.name, 0, None, "file_unreadable", "The file cannot be opened.")
    raise UnusableFile([finding])


def _header(file: str, line: bytes, columns: Collection[str]) -> tuple[list[str], list[Finding]]:
    try:
        header = line.removesuffix(b"\r").decode().split("\t")
    except UnicodeDecodeError:
        raise UnusableFile([Finding(file, 1, None, "not_utf8", "The header is not UTF-8.")]) from None
    wrong = [
        Finding(file, 1, column, "column_missing", "The header does not name this column.")
        for column in columns
        if column not in header
    ]
    wrong += [
        Finding(file, 1, column, "column_twice", "The header names this column more than once.")
        for column in columns
        if header.count(column) > 1
    ]
    if wrong:
        raise UnusableFile([*wrong, *_unread(file, header, columns)])
    return header, _unread(file, header, columns)


def _unread(file: str, header: list[str], columns: Collection[str]) -> list[Finding]:
    detail = "Nothing is read from this column."
    return [
        # What the header says where we expect nothing is a stranger's text; only its place is told.
        Finding(file, 1, f"column {place}", "column_unknown", detail, Weight.UNPLACEABLE)
        for place, column in enumerate(header, start=1)
        if column not in columns
    ]


def _row(file: str, number: int, header: list[str], line: bytes) -> Row | Finding:
    raw = line.split(b"\t")
    if len(raw) != len(header):
        return Finding(file, number, None, "cell_count", "The row has more or fewer cells than the header.")
    cells: dict[str, str | None] = {}
    for column, cell in zip(header, raw, strict=True):
        try:
            text = cell.decode()
        except UnicodeDecodeError:
            return Finding(file, number, column, "not_utf8", "The cell is not UTF-8.")
        if not text.strip():
            return Finding(file, number, column, "empty_cell", f"A missing value is written {MISSING}.")
        cells[column] = None if text == MISSING else text
    return Row(file, number, cells)
