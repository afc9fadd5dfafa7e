"""A worksheet that takes its rows as finished XML.

openpyxl writes everything else of the file. Cell by cell it takes about 15 µs a cell, which was most of the rendering;
a row that is put together as text takes less than a tenth of that.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from lxml.etree import tostring, xmlfile
from openpyxl import Workbook
from openpyxl.packaging.relationship import RelationshipList, get_rels_path
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import PKG_REL_NS, REL_NS, SHEET_MAIN_NS

_LINK = f'<Relationship Type="{REL_NS}/hyperlink" TargetMode="External" Target={{}} Id="link{{}}"/>'


class RowSheet(WriteOnlyWorksheet):
    """Rows are written to the disk as they come; widths, panes and views have to be set before the first one."""

    _writer: _Writer | None
    _rows: Generator[None, str, None] | None
    _links: list[tuple[str, str]]
    _rels: Any
    path: str
    # What openpyxl gives every worksheet, and its stubs do not know of a write-only one.
    add_chart: Any
    column_dimensions: Any
    conditional_formatting: Any
    HeaderFooter: Any
    merged_cells: Any
    page_setup: Any
    row_breaks: Any
    sheet_format: Any
    sheet_properties: Any
    tables: Any

    @classmethod
    def added_to(cls, book: Workbook, title: str) -> RowSheet:
        """A new worksheet at the end of ``book``, which must be write-only."""
        sheet = cls(book, title)
        sheet._links = []
        book._add_sheet(sheet)  # type: ignore[attr-defined]  # openpyxl has no public way in
        return sheet

    def put(self, row: str) -> None:
        """Write one row element."""
        if self._rows is None:
            self._rows = self._write_rows(self._opened())
            next(self._rows)
        self._rows.send(row)

    def link(self, reference: str, target: str) -> None:
        """Make the cell at ``reference`` lead to ``target``."""
        self._links.append((reference, target))

    def _opened(self) -> _Writer:
        """The writer, with everything written that stands above the rows."""
        self._writer = _Writer(self)
        self._writer._rels = _Relations()
        self._writer.write_top()
        return self._writer

    def _write_rows(self, writer: _Writer) -> Generator[None, str, None]:
        markup = writer.xf.send(True)
        with markup.element("sheetData"):
            markup.flush()  # from here to the end of the rows the file is written past lxml
            try:
                while True:
                    writer.file.write((yield).encode())
            except GeneratorExit:
                pass
        writer.xf.send(None)

    def write_relations(self, archive: ZipFile) -> None:
        """Write what the worksheet leads to: openpyxl's own relations, and its links one by one."""
        if not len(self._rels) and not self._links:
            return
        place = get_rels_path(self.path)  # type: ignore[no-untyped-call]  # its stubs lack it
        with archive.open(place.removeprefix("/"), "w") as part:
            part.write(f'<Relationships xmlns="{PKG_REL_NS}">'.encode())
            part.writelines(tostring(each.to_tree()) for each in self._rels)
            links = (_LINK.format(quoteattr(target), at) for at, (_reference, target) in enumerate(self._links))
            part.writelines(link.encode("ascii", "xmlcharrefreplace") for link in links)
            part.write(b"</Relationships>")


class _Relations(RelationshipList):
    """Openpyxl's own relations; it is not to write them itself, with each link an object and an element more."""

    def __bool__(self) -> bool:
        return False


class _BookWriter(ExcelWriter):
    """openpyxl's writer of everything; what the worksheets lead to is written past it."""

    _archive: ZipFile
    workbook: Any

    def _write_worksheets(self) -> None:
        super()._write_worksheets()  # type: ignore[misc]  # its stubs lack it
        for sheet in self.workbook.worksheets:
            sheet.write_relations(self._archive)


def save(book: Workbook, path: Path) -> None:
    """Write ``book``, whose worksheets are all of this kind, to ``path``. Raises OSError."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        _BookWriter(book, archive).write_data()


class _Writer(WorksheetWriter):
    """openpyxl's writer, with its file at hand."""

    ws: RowSheet
    file: IO[bytes]
    out: str
    xf: Any
    _rels: Any

    def write_hyperlinks(self) -> None:
        """Past lxml as the rows: as many as a worksheet takes were a hundred megabytes of objects and elements."""
        if not self.ws._links:
            return
        markup = self.xf.send(True)
        with markup.element("hyperlinks", nsmap={"r": REL_NS}):
            markup.flush()
            for at, (reference, _target) in enumerate(self.ws._links):
                self.file.write(f'<hyperlink ref="{reference}" r:id="link{at}"/>'.encode())
        self.xf.send(None)

    def get_stream(self) -> Generator[Any, Any, None]:
        """As openpyxl's own: ``True`` asks for the stream of markup, an element is written."""
        with (
            Path(self.out).open("wb") as self.file,
            xmlfile(self.file) as markup,
            markup.element("worksheet", xmlns=SHEET_MAIN_NS),
        ):
            try:
                while True:
                    element = yield
                    if element is True:
                        yield markup
                    elif element is not None:
                        markup.write(element)
            except GeneratorExit:
                pass
