"""Tables as people's spreadsheets write and read them: CSV in whatever dialect comes, CSV out that no program runs.

CSV is RFC 4180; which delimiter is used in practice depends on where the spreadsheet thinks it is.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 100
MAX_CELL = 100_000  # characters
BOM = "\ufeff"
# A cell that begins with one of these is a formula to a spreadsheet (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class UnreadableSheet(Exception):
    """The bytes are no table; the message says what to do."""


@dataclass(frozen=True)
class Row:
    """A row with the number of the line it begins on, the header's being 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A header and rows; rows without any text are left out, short ones are as they are."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(body: bytes, *, max_rows: int) -> Sheet:
    """The table in the bytes: UTF-8 or, marked as such, UTF-16; comma, semicolon or tab. Raises ``UnreadableSheet``."""
    encoding = next((name for mark, name in _BOMS if body.startswith(mark)), "utf-8")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableSheet("The file is not in UTF-8. Save it as “CSV UTF-8” and upload it again.") from None
    if "\x00" in text:
        raise UnreadableSheet("This is not a CSV file. Save the sheet as “CSV UTF-8” and upload that.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
        if not any(header) or len(header) > MAX_COLUMNS:
            raise UnreadableSheet("The first line has to name the columns. Start from the template.")
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _refuse_odd(begins, cells, len(header))
                rows.append(Row(begins, tuple(_opened(cell) for cell in cells)))
            begins = reader.line_num + 1
            if len(rows) > max_rows:
                raise UnreadableSheet(f"The file has more than {max_rows:,} rows. Split it and upload the parts.")
    except csv.Error as error:
        raise UnreadableSheet(f"Line {reader.line_num} cannot be read as CSV: {error}.") from None
    return Sheet(header, tuple(rows))


def written(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as CSV, a piece at a time, beginning with a byte order mark so that spreadsheets read it as UTF-8. A
    cell that a spreadsheet would run as a formula begins with an apostrophe; ``read_sheet`` takes that away again.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    for row in rows:
        writer.writerow([_closed(str(cell)) if cell is not None else "" for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if rest := buffer.getvalue():
        yield rest


def _delimiter(text: str) -> str:
    """The one that the header line has most of."""
    line = text.lstrip(BOM).split("\n", 1)[0]
    return max(DELIMITERS, key=line.count)


def _refuse_odd(number: int, cells: Sequence[str], columns: int) -> None:
    if len(cells) > columns and any(cell.strip() for cell in cells[columns:]):
        raise UnreadableSheet(f"Line {number} has more cells than the first line has columns. Put quotes around texts.")
    if any(len(cell) > MAX_CELL for cell in cells):
        raise UnreadableSheet(f"Line {number} has a cell of more than {MAX_CELL:,} characters.")


def _closed(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) and cell.lstrip("'").startswith(_FORMULA) else cell


def _opened(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell
