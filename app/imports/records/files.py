"""Reading a spreadsheet's text file twice in little memory: once to know whose rows stand where, once by patient.

Spreadsheets are kept by day, records by patient. The first reading keeps the places of each patient's rows, sixteen
bytes a row, and never what they hold; the second goes to them. What cannot be read is told at its line, and reading
goes on with the next one.
"""

import codecs
import csv
import hashlib
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from app.imports.findings import Finding, UnusableFile

LONGEST_ROW: Final = 262_144
"""Bytes. A row that is longer is refused: most often a quotation mark is missing in it."""
MOST_LINES: Final = 500
"""Lines one row may go over, in notes with line breaks."""
MOST_COLUMNS: Final = 1000
MOST_ROWS_A_PATIENT: Final = 5000
_SIGNS: Final = (",", ";", "\t")
_MARKS: Final = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a workbook",
    b"\xd0\xcf\x11\xe0": "a workbook",
}
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 20
_FIRST_LETTERS: Final = 2000


class Encoding(StrEnum):
    """How letters are written in the file."""

    UTF_8 = "utf-8"
    WINDOWS_1252 = "windows-1252"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be read."""

    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands: its first line, where it begins, and its cells or why there are none that can be used."""

    line: int
    offset: int
    cells: Sequence[str]
    fault: Fault | None = None


@dataclass(slots=True)
class Index:
    """Where each patient's rows stand (offset and line in turns), in the order of their first row."""

    rows: int = 0
    places: dict[str, "array[int]"] = field(default_factory=dict[str, "array[int]"])


class Sheet:
    """An open file of rows. Use it as a context; it refuses to go on when the file changes meanwhile."""

    def __init__(self, path: Path, encoding: Encoding = Encoding.UTF_8) -> None:
        self.name = path.name
        self._path = path
        self._encoding = encoding

    def __enter__(self) -> Self:
        try:
            self._file: BinaryIO = self._path.open("rb", buffering=_CHUNK)
            self.size = os.fstat(self._file.fileno()).st_size
        except FileNotFoundError:
            raise self._unusable("file_missing", "There is no such file.", line=0) from None
        except OSError:
            raise self._unusable("file_unreadable", "The file cannot be opened.", line=0) from None
        try:
            self._state = self._now()
            self.digest = self._read_digest()
            self._read_header()
        except UnusableFile:
            self._file.close()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._file.close()

    # ── the whole file ───────────────────────────────────────────────────────────────────────────────────────────────

    def _read_digest(self) -> str:
        digest = hashlib.sha256()
        start = self._file.read(4)
        for mark, what in _MARKS.items():
            if start.startswith(mark):
                raise self._unusable("not_csv", f"The file is {what}; save it as CSV (UTF-8).")
        self._file.seek(0)
        letters = _Letters()
        while chunk := self._file.read(_CHUNK):
            digest.update(chunk)
            letters.add(chunk)
        if self._encoding is Encoding.WINDOWS_1252 and letters.are_utf_8():
            raise self._unusable("is_utf8", "The file is UTF-8; leave --encoding out.")
        return digest.hexdigest()

    def _read_header(self) -> None:
        self._file.seek(0)
        self._start = len(_BYTE_ORDER_MARK) if self._file.read(3) == _BYTE_ORDER_MARK else 0
        line, text, fault = self._header_text(1)
        sign: str | None = None
        if (told := text.strip().casefold()).startswith("sep=") and len(told) == 5:  # noqa: PLR2004  # Excel's own hint
            sign = told[-1]
            line, text, fault = self._header_text(2)
        if fault is not None:
            raise self._unusable(fault.rule, fault.detail, line=line)
        self.sign = sign or _sign_of(text)
        header, fault = _cells(text, self.sign)
        if fault is not None or not any(cell.strip() for cell in header):
            raise self._unusable("no_header", "The first line must name the columns.", line=line)
        if len(header) > MOST_COLUMNS:
            raise self._unusable("too_many_columns", f"A file has at most {MOST_COLUMNS} columns.", line=line)
        self.header, self.header_line = header, line
        self._first = (self._file.tell(), line + 1)

    def _header_text(self, line: int) -> tuple[int, str, Fault | None]:
        if line == 1:
            self._file.seek(self._start)
        raw, _lines, fault = self._record()
        text, letters = self._text(raw)
        if "\x00" in text:
            fault = Fault("not_text", "The file is not text; save it as CSV (UTF-8).")
        if "\r" in text.rstrip("\r\n"):
            fault = Fault("line_endings", "The lines end as on a Macintosh of old; save it as CSV (UTF-8).")
        return line, text, fault or letters

    def _unusable(self, rule: str, detail: str, *, line: int = 1) -> UnusableFile:
        return UnusableFile([Finding(self.name, line, None, rule, detail)])

    def _now(self) -> tuple[int, int]:
        state = os.fstat(self._file.fileno())
        return state.st_size, state.st_mtime_ns

    def require_unchanged(self) -> None:
        """Stop when somebody writes to the file while it is read.

        Raises:
            UnusableFile: it is not the file any more whose digest the records name.
        """
        if self._now() != self._state:
            raise self._unusable("file_changed", "The file was changed while it was read; import it again.", line=0)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, advance: Callable[[int, int], None] = lambda _done, _all: None) -> Iterator[RawRow]:
        """Every row that is not blank, in order."""
        offset, line = self._first
        self._file.seek(offset)
        while True:
            raw, lines, fault = self._record()
            if not raw:
                return
            row = self._row(offset, line, raw, fault)
            offset, line = self._file.tell(), line + lines
            if row.fault is not None or any(cell.strip() for cell in row.cells):
                advance(offset, self.size)
                yield row

    def at(self, offset: int, line: int) -> RawRow:
        """The row at a place that `rows` told."""
        self._file.seek(offset)
        raw, _lines, fault = self._record()
        return self._row(offset, line, raw, fault)

    def _record(self) -> tuple[bytes, int, Fault | None]:
        """The next row's bytes and how many lines it takes; a row with an odd number of quotation marks goes on."""
        first = self._file.readline(LONGEST_ROW)
        if first and not first.endswith(b"\n") and len(first) >= LONGEST_ROW:
            while (rest := self._file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            return first, 1, Fault("row_too_long", f"A row has at most {LONGEST_ROW} bytes.")
        if first.count(b'"') % 2 == 0:
            return first, 1, None
        after = self._file.tell()
        raw, lines = first, 1
        while lines < MOST_LINES and len(raw) < LONGEST_ROW and (more := self._file.readline(LONGEST_ROW)):
            raw, lines = raw + more, lines + 1
            if raw.count(b'"') % 2 == 0:
                return raw, lines, None
        self._file.seek(after)
        return first, 1, Fault("quotation_open", "A quotation mark is opened and not closed.")

    def _row(self, offset: int, line: int, raw: bytes, fault: Fault | None) -> RawRow:
        text, letters = self._text(raw)
        cells, torn = _cells(text, self.sign, strict=fault is None)
        fault = fault or letters or torn
        if fault is None and any(cell.strip() for cell in cells) and len(cells) != len(self.header):
            if len(cells) > len(self.header) and not any(cell.strip() for cell in cells[len(self.header) :]):
                cells = cells[: len(self.header)]  # empty cells at the end, which spreadsheets leave
            else:
                fault = Fault("cell_count", "The row has more or fewer cells than the header.")
        return RawRow(line, offset, cells, fault)

    def _text(self, raw: bytes) -> tuple[str, Fault | None]:
        """The letters; where there are wrong ones, the others stay readable, so that the row's patient is known."""
        try:
            return raw.decode(self._encoding), None
        except UnicodeDecodeError:
            is_utf_8 = self._encoding is Encoding.UTF_8
            advice = " If that is so in all of the file, say --encoding windows-1252." if is_utf_8 else ""
            fault = Fault("not_text", f"The row is not {self._encoding}.{advice}")
            return raw.decode("utf-8", errors="replace"), fault

    def index(self, key_place: int, each: Callable[[RawRow], None], advance: Callable[[int, int], None]) -> Index:
        """Read everything once and keep where each patient's rows stand.

        Rows whose patient cannot be told have the key "".

        Args:
            key_place: The column of the patient's key.
            each: Sees every row once.
            advance: Called with bytes read, of how many.
        """
        index = Index()
        for row in self.rows(advance):
            index.rows += 1
            each(row)
            key = row.cells[key_place].strip() if key_place < len(row.cells) else ""
            index.places.setdefault(key, array("Q")).extend((row.offset, row.line))
        return index


class _Letters:
    """Whether bytes have letters beyond ASCII and are UTF-8 throughout, told in pieces."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._beyond = False
        self._broken = False

    def add(self, chunk: bytes) -> None:
        if self._broken:
            return
        self._beyond = self._beyond or not chunk.isascii()
        try:
            self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self._broken = True

    def are_utf_8(self) -> bool:
        return self._beyond and not self._broken


def _sign_of(header: str) -> str:
    """What stands between the cells: the sign that is there most often outside quotation marks."""
    outside = "".join(header.split('"')[::2])
    return max(_SIGNS, key=outside.count)


def _cells(text: str, sign: str, *, strict: bool = True) -> tuple[list[str], Fault | None]:
    line = text.rstrip("\r\n")
    if not line:
        return [], None
    with suppress(csv.Error, StopIteration):
        return next(csv.reader([line], delimiter=sign, strict=strict)), None
    detail = "The row is not CSV: a quotation mark or line break stands where none may, or a cell is too long."
    torn = Fault("not_csv", detail)
    with suppress(csv.Error, StopIteration):
        return next(csv.reader([line], delimiter=sign)), torn
    # Its first cells are still worth knowing: one of them says whose row it is.
    return [cell.strip(' "') for cell in line[:_FIRST_LETTERS].split(sign)], torn
