"""The page: one file, nothing loaded, nothing run but its own script, nothing that a name can break."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from jinja2.exceptions import UndefinedError
from markupsafe import escape

from auditor.model.report import WORKBOOK_TABLES, Banner, Report
from auditor.model.table import CellKind, Table, TableColumn
from auditor.model.verdict import Status
from auditor.render.inlined import script, style
from auditor.render.page import FINDINGS_AT_ONCE, GAPS_AT_ONCE, TABLE_ROWS
from auditor.render.page import page as page_format
from auditor.render.text import printable
from auditor.resources import reports_folder
from tests.unit.render import sample

DATA = {"application/json", "text/plain"}
"""Types of script elements that no browser runs."""

VOID = {"meta", "link", "br", "img", "use", "path", "circle", "rect", "input"}


class Page(HTMLParser):
    """The elements of a page in order, each with its attributes and the text inside, and any tag left unbalanced."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)
        else:
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page_of(report: Report, folder: Path) -> Page:
    path = folder / "report.html"
    sample.write(page_format, report, path)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page_of(sample.report(), tmp_path_factory.mktemp("page"))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_markup_in_names_stays_text(page: Page) -> None:
    assert not page.unbalanced
    assert not page.open
    assert {tag for tag, _ in page.elements}.isdisjoint({"img", "iframe", "object", "form", "base"})
    assert [each["type"] for each in page.all("script") if each["type"] not in DATA] == ["module"]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    shown = squeezed(page.text)
    for text in sample.HOSTILE:
        assert squeezed(printable(text)) in shown


def test_no_control_character_reaches_the_page(page: Page) -> None:
    assert page.text == printable(page.text)
    assert "bell\ufffdnull\ufffdescape\ufffd[2J" in page.text


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    loads = [
        value
        for tag, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "srcset", "data")
    ]
    assert loads == []
    assert [attributes["href"] for attributes in page.all("link")] == ["data:,"]
    assert "url(" not in style().text
    assert "@import" not in style().text


def test_links_lead_over_https_or_within_the_page(page: Page) -> None:
    targets = [attributes["href"] for attributes in page.all("a")]
    ids = set(page.ids())
    assert {target for target in targets if not target.startswith("https://")} <= {f"#{name}" for name in ids}
    assert any(target.startswith("https://portal.azure.com/") for target in targets)


def test_the_content_security_policy_lets_in_the_own_style_and_script_only(page: Page) -> None:
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy == (
        f"default-src 'none'; style-src {style().source}; script-src {script().source}; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    assert "unsafe" not in policy
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_ids_are_unique(page: Page) -> None:
    assert len(page.ids()) == len(set(page.ids()))


def test_headings_step_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_scoped_headers(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(header.get("scope") in ("col", "row") for header in page.all("th"))


def test_every_group_and_every_finding_of_it_is_there(page: Page) -> None:
    report = sample.report()
    assert report.groups
    for group in report.groups:
        assert f"group-{group.rule_id}-{group.status}" in page.ids()
    findings = [attributes for attributes in page.all("details") if attributes.get("class") == "finding"]
    assert len(findings) == sum(group.shown for group in report.groups)


def test_a_finding_says_which_machine_which_kind_and_which_subscription(tmp_path: Path) -> None:
    verdicts = [sample.of_kind(kind) for kind in sample.KINDS]
    page = page_of(sample.report(verdicts=verdicts), tmp_path)
    shown = squeezed(page.text)
    for kind, one in zip(sample.KINDS, verdicts, strict=True):
        assert f"{one.machine_name} {sample.words()[f'kind_{kind}']}" in shown
    assert shown.count("Payments") >= len(verdicts)
    marked = [attributes["class"] for attributes in page.all("small") if "m-" in attributes.get("class", "")]
    assert marked == [f"kind m-{kind}" for kind in sample.KINDS]


def test_the_coverage_begins_with_its_denominator(page: Page) -> None:
    ids = page.ids()
    order = [
        "covered",
        "kinds",
        "coverage",
        "states",
        "outside",
        "gaps",
        "accepted_gaps",
        "unseen",
        "set_aside",
        "subscriptions",
        "readings",
    ]
    assert [each for each in ids if each in order] == order


def test_groups_that_ask_for_action_stand_open(page: Page) -> None:
    groups = [attributes for attributes in page.all("details") if "group" in attributes.get("class", "").split()]
    opened = {attributes["class"].split()[1] for attributes in groups if "open" in attributes}
    closed = {attributes["class"].split()[1] for attributes in groups if "open" not in attributes}
    assert opened == {"s-fail", "s-unanswered"}
    assert closed == {"s-pending", "s-exempt"}


def test_evidence_shows_value_source_and_time_in_the_zone_of_the_report(page: Page) -> None:
    shown = squeezed(page.text)
    assert "unset (the key is absent)" in shown
    assert "Regional versions" in shown
    assert "2026-03-03 02:26" in shown
    assert "Times are in Asia/Tokyo (UTC+09:00)" in shown
    assert {"datetime": "2026-03-02T17:26:00Z"} in page.all("time")


def test_a_link_that_is_not_https_is_shown_as_its_text(page: Page) -> None:
    assert "javascript" not in page.text
    assert not [attributes for attributes in page.all("a") if "javascript" in attributes["href"]]


def test_a_long_group_is_folded_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    verdicts = [sample.finding(number) for number in range(FINDINGS_AT_ONCE + 30)]
    page = page_of(sample.report(shown=FINDINGS_AT_ONCE + 20, verdicts=verdicts), tmp_path)
    assert "Show 20 more" in page.text
    assert "10 more are in the workbook." in page.text


def test_the_page_says_where_the_verdicts_are_that_a_large_night_lists_in_tables_only(tmp_path: Path) -> None:
    told = "25,732 verdicts are not listed here: findings.csv has them."
    assert told in page_of(replace(sample.report(), left_out=told), tmp_path).text


def test_a_long_banner_is_folded(tmp_path: Path) -> None:
    banner = Banner("Incomplete", tuple(f"gap number {number}" for number in range(GAPS_AT_ONCE + 3)))
    page = page_of(replace(sample.report(), banner=banner), tmp_path)
    assert "Show 3 more" in page.text
    assert f"gap number {GAPS_AT_ONCE + 2}" in page.text


def test_a_long_table_is_cut_and_says_so(tmp_path: Path) -> None:
    report = sample.report()
    columns = (TableColumn("n", "Number", CellKind.NUMBER),)

    def rows() -> Iterator[tuple[object, ...]]:
        return ((number,) for number in range(1_000_000, 1_000_000 + TABLE_ROWS + 1))

    readings = Table("readings", "Readings", columns, rows)
    page = page_of(replace(report, tables={**report.tables, "readings": readings}), tmp_path)
    assert "The first 1,000 rows are shown here; the workbook has them all." in page.text
    assert f"{1_000_000 + TABLE_ROWS - 1:,}" in page.text
    assert f"{1_000_000 + TABLE_ROWS:,}" not in page.text


def test_an_empty_night_says_so_in_every_section(tmp_path: Path) -> None:
    report = sample.empty_report()
    page = page_of(report, tmp_path)
    assert report.words["no_findings"] in page.text
    for name in report.tables.keys() - {*WORKBOOK_TABLES, "departed"}:
        assert report.tables[name].empty in page.text
    assert "banner" not in [attributes.get("class") for attributes in page.all("section")]


def test_a_night_that_read_little_does_not_say_that_nothing_is_to_be_done(tmp_path: Path) -> None:
    """No finding and a banner: "nothing to act on" would call compliant what nobody has seen."""
    report = replace(sample.empty_report(), banner=Banner("This audit is incomplete.", ("Sandbox refused.",)))
    page = page_of(report, tmp_path)
    assert report.words["no_findings"] not in page.text
    assert report.words["no_findings_of_what_was_read"] in page.text


def test_a_missing_word_is_an_error_and_no_blank(tmp_path: Path) -> None:
    words = {key: word for key, word in sample.words().items() if key != "findings"}
    with pytest.raises(UndefinedError, match="findings"):
        page_of(replace(sample.report(), words=words), tmp_path)


def test_the_design_holds_no_word_of_a_language() -> None:
    design = (reports_folder() / "page" / "page.html.j2").read_text(encoding="utf-8")
    without_code = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", design, flags=re.DOTALL)
    parsed = Page(without_code)
    assert re.findall(r"[^\W\d_]{2,}", parsed.text) == []
    assert not [attributes for _, attributes in parsed.elements if attributes.get("aria-label", "").strip()]


def test_every_word_of_the_page_is_in_the_catalogue() -> None:
    design = (reports_folder() / "page" / "page.html.j2").read_text(encoding="utf-8")
    used = set(re.findall(r"\bwords\.([a-z_]+)", design))
    assert used
    assert used <= set(sample.words())


def test_a_failing_row_has_its_commands_in_blocks_of_their_own(tmp_path: Path) -> None:
    told = sample.COMMANDS
    page_of(sample.report(2), tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for name, command in (("Azure CLI", told.azure_cli), ("Azure PowerShell", told.azure_powershell)):
        block = f'<p class="shell">{name}</p><pre class="command"><code>{escape(command or "")}</code></pre>'
        assert block in text
    assert f"<b>In the portal:</b> {told.portal}" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_verdicts_can_be_read_on_their_colours(scheme: str) -> None:
    """WCAG 2.2 AA asks for 4.5:1."""
    style = (reports_folder() / "page" / "style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root {(.*?)}", style, flags=re.DOTALL)
    colours = dict(re.findall(r"--([a-z_-]+): #([0-9a-f]{6})", light if scheme == "light" else dark))
    pairs = [(str(status), f"{status}-tint") for status in Status] + [(str(status), "sheet") for status in Status]
    pairs += [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "sheet", "faint")]
    assert {
        pair: contrast(colours[pair[0]], colours[pair[1]])
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    } == {}


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
