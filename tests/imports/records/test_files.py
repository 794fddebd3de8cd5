import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.findings import UnusableFile
from app.imports.records.files import LONGEST_ROW, Encoding, RawRow, Sheet
from tests.imports.records.sheets import text_of


def wrote(directory: Path, content: bytes | str) -> Path:
    path = directory / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, encoding: Encoding = Encoding.UTF_8) -> list[RawRow]:
    with Sheet(path, encoding) as sheet:
        return list(sheet.rows())


def unusable(path: Path, encoding: Encoding = Encoding.UTF_8) -> str:
    with pytest.raises(UnusableFile) as refused:
        read(path, encoding)
    return refused.value.findings[0].rule


def faults(rows: list[RawRow]) -> list[tuple[int, str | None]]:
    return [(row.line, row.fault.rule if row.fault else None) for row in rows]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_are_told_apart_by_comma_semicolon_or_tab(tmp_path: Path, sign: str, end: str) -> None:
    path = wrote(
        tmp_path, f'a{sign}"b, c; d"{sign}c{end}1{sign}"x{sign}y"{sign}3{end}{end}{sign}{sign}{end}4{sign}5{sign}6'
    )
    rows = read(path)
    assert [(row.line, list(row.cells)) for row in rows] == [(2, ["1", f"x{sign}y", "3"]), (5, ["4", "5", "6"])]


def test_excels_hint_and_byte_order_mark_are_understood(tmp_path: Path) -> None:
    with Sheet(wrote(tmp_path, b"\xef\xbb\xbfsep=;\r\na;b\r\n1;2\r\n")) as sheet:
        assert (sheet.header, sheet.header_line) == (["a", "b"], 2)
        assert [(row.line, list(row.cells)) for row in sheet.rows()] == [(3, ["1", "2"])]


def test_a_note_may_have_line_breaks_and_quotation_marks(tmp_path: Path) -> None:
    rows = read(wrote(tmp_path, 'a,b\r\n1,"one\r\ntwo ""three"""\r\n2,x\r\n'))
    assert [(row.line, list(row.cells)) for row in rows] == [(2, ["1", 'one\r\ntwo "three"']), (4, ["2", "x"])]


def test_letters_are_declared_and_never_guessed(tmp_path: Path) -> None:
    text = "name,b\nJörg,1\nAnn,2\n"
    western = wrote(tmp_path, text.encode("cp1252"))
    assert faults(read(western)) == [(2, "not_text"), (3, None)]
    assert next(iter(read(western, Encoding.WINDOWS_1252))).cells == ["Jörg", "1"]
    assert next(iter(read(wrote(tmp_path, text)))).cells == ["Jörg", "1"]
    assert unusable(wrote(tmp_path, text), Encoding.WINDOWS_1252) == "is_utf8"
    assert unusable(wrote(tmp_path, text.encode("utf-16"))) == "not_csv"
    assert unusable(wrote(tmp_path, text.encode("utf-16-le"))) == "not_text"
    assert unusable(wrote(tmp_path, b"PK\x03\x04" + b"x" * 99)) == "not_csv"


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    assert unusable(tmp_path / "nowhere.csv") == "file_missing"
    assert unusable(tmp_path) == "file_unreadable"
    assert unusable(wrote(tmp_path, "")) == "no_header"
    assert unusable(wrote(tmp_path, ",,,\n1,2,3,4\n")) == "no_header"
    assert unusable(wrote(tmp_path, "a,b\r1,2\r3,4\r")) == "line_endings"
    assert unusable(wrote(tmp_path, "a" * (LONGEST_ROW + 9))) == "row_too_long"
    assert unusable(wrote(tmp_path, "a," * 2000)) == "too_many_columns"


def test_a_hostile_row_is_told_and_reading_goes_on(tmp_path: Path) -> None:
    lines = [
        "k,b",
        'K1,"never closed',
        "K2,ok",
        "K3," + "x" * (LONGEST_ROW + 5),
        "K4,ok",
        'K5,"torn"apart',
        "K6,a,b",
        "K7",
        "K8,ok,,",
        "K9," + "y" * 200_000,
        "K10,a\x00b",
        "K11,ok",
    ]
    rows = read(wrote(tmp_path, "\n".join(lines)))
    assert faults(rows) == [
        (2, "quotation_open"),
        (3, None),
        (4, "row_too_long"),
        (5, None),
        (6, "not_csv"),
        (7, "cell_count"),
        (8, "cell_count"),
        (9, None),
        (10, "not_csv"),  # a cell of 200 000 letters
        (11, None),  # what its cells hold is looked at later
        (12, None),
    ]
    # Whose row it is stays known, so that the patient it belongs to is left out and not recorded without it.
    assert [row.cells[0] for row in rows if row.cells] == [f"K{number}" for number in range(1, 12)]


def test_a_row_is_found_again_at_its_place(tmp_path: Path) -> None:
    rows = [
        {"k": f"K{number % 3}", "note": "line\nbreak" if number % 2 else "plain, with comma"} for number in range(50)
    ]
    with Sheet(wrote(tmp_path, text_of(rows))) as sheet:
        straight = {row.line: row.cells for row in sheet.rows()}
        index = sheet.index(0, lambda _row: None, lambda _done, _all: None)
        assert (index.rows, list(index.places)) == (50, ["K0", "K1", "K2"])
        for key, places in index.places.items():
            for place in range(0, len(places), 2):
                row = sheet.at(places[place], places[place + 1])
                assert row.cells == straight[places[place + 1]]
                assert row.cells[0] == key


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = wrote(tmp_path, "a,b\n1,2\n")
    with Sheet(path) as sheet:
        sheet.require_unchanged()
        with path.open("a") as more:
            more.write("3,4\n")
        with pytest.raises(UnusableFile):
            sheet.require_unchanged()


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = wrote(tmp_path_factory.mktemp("noise"), b"k,b\nK1,1\n" + noise)
    for encoding in Encoding:
        try:
            rows = read(path, encoding)
        except UnusableFile:
            continue
        assert all(row.line >= 2 for row in rows)


def _peak_of_an_index(path: Path) -> int:
    tracemalloc.start()
    try:
        with Sheet(path) as sheet:
            index = sheet.index(0, lambda _row: None, lambda _done, _all: None)
            assert index.rows == 5000
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_number_of_rows_and_not_with_what_they_hold(tmp_path: Path) -> None:
    """Ten times the bytes in as many rows need no more memory; the file's buffer of a megabyte is the most of it."""
    peaks: list[int] = []
    for length in (200, 2000):
        rows = ({"k": f"K{number % 500}", "note": "x" * length} for number in range(5000))
        peaks.append(_peak_of_an_index(wrote(tmp_path, text_of(list(rows)))))
    small, large = peaks
    assert large < small + 200_000
    assert large < 4_000_000


@pytest.mark.deep
def test_a_hundred_megabytes_in_a_hundred_thousand_rows_are_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as out:
        out.write("k,note\n")
        for number in range(100_000):
            out.write(f"K{number % 10_000},{'x' * 1000}\n")
    tracemalloc.start()
    with Sheet(path) as sheet:
        index = sheet.index(0, lambda _row: None, lambda _done, _all: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (index.rows, len(index.places)) == (100_000, 10_000)
    assert peak < 16_000_000
