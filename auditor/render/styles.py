"""The named styles of the workbook: few, calm, the verdicts in the colours of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScale, FormatObject, Rule
from openpyxl.styles import Alignment, Border, Color, Font, NamedStyle, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle

from auditor.catalogue import Catalogue
from auditor.model.verdict import Status
from auditor.render.palette import INKS, TINTS

_INK, _SOFT, _LINK, _WHITE, _SLATE = "1B2430", "566273", "0B57A8", "FFFFFF", "33404F"
_STATUS_COLOURS = {
    status: (INKS[status].removeprefix("#").upper(), TINTS[status].removeprefix("#").upper()) for status in Status
}
"""The ink and the tint of a verdict, as Excel writes colours."""
ADOPTION_COLOURS = ("1A6B3C", "7FB792", "E0A458", "B3261E", "A9B2BD")
"""From the latest version to far behind, and not known."""
TONE_STATUS = {"bad": Status.FAIL, "warn": Status.UNANSWERED, "good": Status.PASS, "calm": Status.NOT_APPLICABLE}
"""The verdict whose colour a tone of the report has."""

_COUNTED = {
    **{str(status): status for status in (Status.FAIL, Status.UNANSWERED, Status.PENDING, Status.EXEMPT)},
    "failing": Status.FAIL,
    "unread": Status.UNANSWERED,
    "without_agent": Status.UNANSWERED,
}
"""Columns of numbers that take the colour of a verdict where they are not 0, by key."""
_SCALED = frozenset({"behind", "releases_behind"})
"""Columns whose numbers are the darker the higher they are."""

WRAPPED = frozenset({"long", "header", "header right", "paragraph"})
"""The styles in which a text takes several lines."""

_TOP = Alignment(vertical="top")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="top")
_HEADER = Alignment(vertical="center", wrap_text=True)
_HEADER_RIGHT = Alignment(horizontal="right", vertical="center", wrap_text=True, indent=1)
_RIGHT = Alignment(horizontal="right", vertical="top", indent=1)
_LINE = Border(bottom=Side(style="hair", color="C5CCD6"))
_BARE = Border()


TALL = frozenset(f"tone {tone}" for tone in TONE_STATUS)
"""The styles of the headline: two lines high."""


def status_style(status: Status) -> str:
    return f"status {status}"


def tone_style(tone: str) -> str:
    return f"tone {tone}"


def colours_of(status: Status) -> tuple[str, str]:
    """The ink and the tint of a verdict."""
    return _STATUS_COLOURS[status]


def tint_of(key: str, words: Mapping[str, str]) -> Rule | None:
    """How the cells of a column are coloured by what is in them; None for a column that stays as it is."""
    if key in _COUNTED:
        return _where("greaterThan", "0", _COUNTED[key])
    if key in _SCALED:
        tint = _STATUS_COLOURS[Status.UNANSWERED][1]
        ends = [FormatObject(type="num", val=0), FormatObject(type="max")]
        return Rule(type="colorScale", colorScale=ColorScale(cfvo=ends, color=[Color(_WHITE), Color(tint)]))
    if key == "change":
        return _where("equal", '"{}"'.format(words["new"].replace('"', '""')), Status.FAIL)
    return None


def _where(operator: Literal["equal", "greaterThan"], formula: str, status: Status) -> Rule:
    ink, tint = _STATUS_COLOURS[status]
    look = DifferentialStyle(font=Font(color=ink, bold=True), fill=PatternFill("solid", bgColor=tint))
    return Rule(type="cellIs", operator=operator, formula=[formula], dxf=look)


def add_styles(book: Workbook, language: str = "en") -> None:
    """Give ``book`` the styles of table cells (text, key, long, number, date, time, link, header) and of lines.

    Font and dates are those of ``language``; a number's signs come from the reader's own Excel.
    """
    formats = Catalogue(language).sections["formats"]
    styles = [
        _style("text", _font(), _TOP, _LINE),
        _style("key", _font(_SOFT), _TOP, _LINE),
        _style("long", _font(), _WRAPPED, _LINE),
        _style("number", _font(), _RIGHT, _LINE, number="#,##0"),
        _style("time", _font(), _LEFT, _LINE, number=formats["sheet_minute"]),
        _style("date", _font(), _LEFT, _LINE, number=formats["sheet_day"]),
        _style("link", _font(_LINK, underline=True), _TOP, _LINE),
        _style("header", _font(_WHITE, bold=True), _HEADER, fill=_SLATE),
        _style("header right", _font(_WHITE, bold=True), _HEADER_RIGHT, fill=_SLATE),
        _style("title", _font(_SOFT, bold=True)),
        _style("section", _font(bold=True, size=13)),
        _style("line", _font(_SOFT)),
        _style("paragraph", _font(_SOFT), _WRAPPED),
    ]
    for status, (ink, tint) in _STATUS_COLOURS.items():
        styles.append(_style(status_style(status), _font(ink, bold=True), _TOP, _LINE, fill=tint))
    for tone, status in TONE_STATUS.items():
        styles.append(_style(tone_style(tone), _font(_STATUS_COLOURS[status][0], bold=True, size=18)))
    for style in styles:
        style.font.name = formats["sheet_font"]
        book.add_named_style(style)


def _font(color: str = _INK, *, bold: bool = False, size: int = 11, underline: bool = False) -> Font:
    return Font(name="Calibri", size=size, bold=bold, color=color, underline="single" if underline else None)


def _style(
    name: str,
    font: Font,
    alignment: Alignment = _TOP,
    border: Border = _BARE,
    *,
    fill: str = "",
    number: str = "General",
) -> NamedStyle:
    paint = PatternFill("solid", start_color=fill) if fill else PatternFill()
    return NamedStyle(name, font=font, alignment=alignment, border=border, fill=paint, number_format=number)
