"""Reading people's CSV, and writing CSV that no spreadsheet runs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chat33.lib.sheets import UnreadableSheet, read_sheet, written


def cells(body: bytes) -> list[tuple[str, ...]]:
    sheet = read_sheet(body, max_rows=10)
    return [sheet.header, *(row.cells for row in sheet.rows)]


@pytest.mark.parametrize(
    "body",
    [
        "text,accounts\nHällo,x:demo\n".encode(),
        "\ufefftext;accounts\r\nHällo;x:demo\r\n".encode(),
        "text\taccounts\nHällo\tx:demo".encode("utf-16"),
        '"text","accounts"\n"Hällo","x:demo"\n\n ,\n'.encode(),
    ],
    ids=["plain", "semicolons with a mark", "tabs in UTF-16", "quoted with empty rows"],
)
def test_every_dialect_says_the_same(body: bytes) -> None:
    assert cells(body) == [("text", "accounts"), ("Hällo", "x:demo")]


def test_rows_are_numbered_by_the_line_they_begin_on() -> None:
    sheet = read_sheet(b'text,accounts\n"two\nlines",x\n\nlast,x\n', max_rows=10)

    assert [(row.number, row.cells[0]) for row in sheet.rows] == [(2, "two\nlines"), (5, "last")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("text\nGrüße".encode("cp1252"), "UTF-8"),
        (b"PK\x03\x04\x00\x00", "CSV"),
        (b"", "first line"),
        (b",,\n1,2,3", "first line"),
        (b"text\n" + b"x\n" * 11, "more than 10 rows"),
        (b"text,accounts\nSo, this is it,x", "Line 2 has more cells"),
        (b'text\n"never closed', "CSV"),
        (b"text\n" + b"x" * 100_001, "Line 2 has a cell"),
        (b"a," * 200, "first line"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(UnreadableSheet, match=says):
        read_sheet(body, max_rows=10)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_is_a_formula_to_a_spreadsheet_and_it_comes_back_as_it_was(formula: str) -> None:
    body = "".join(written([["text"], [formula]])).encode()

    (_, (seen,)) = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert seen == f"'{formula}"
    assert cells(body)[1] == (formula,)


@given(
    some.lists(
        some.text(some.characters(exclude_characters="\x00", codec="utf-8"), max_size=20), min_size=1, max_size=3
    )
)
def test_whatever_is_written_is_read_back(row: list[str]) -> None:
    body = "".join(written([[f"c{number}" for number in range(len(row))], row])).encode()
    found = [given.cells for given in read_sheet(body, max_rows=10).rows]

    assert found == ([tuple(row)] if any(cell.strip() for cell in row) else [])
