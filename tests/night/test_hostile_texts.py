"""Names and tags full of markup, formulas and marks that turn the text around: they stay text, in every file."""

from __future__ import annotations

import csv
import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from auditor.render.console import print_summary
from auditor.render.inlined import script
from auditor.simulator import Fault, OperationSpec
from tests.night.parts import (
    ALL,
    FIRST,
    NOW,
    OLD,
    ON_INSTANCES,
    SHIPPED,
    Audited,
    Bench,
    agent,
    estate,
    machine,
    refusal,
    subscription,
)
from tests.shells import errors_in_powershell, recorded, run_bash

SCRIPT = '<script>alert("x")</script>'
BREAKOUT = "</style></script>--><img src=x onerror=alert(1)>'\">"
TURNED = "safe\u202egnp.exe\u2066\u200f"
LONG = "n" * 300
NAMES = (
    SCRIPT,
    BREAKOUT,
    "=HYPERLINK(\"https://attacker.example\",\"click\")",
    "+SUM(A1:A9)",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "two\nlines\r\nand more",
    TURNED,
    LONG,
    "{{ 7 * 7 }} {% raw %} {machine_name} %s",
    "東京サーバー 🖥️",
    "O'Brien \"quoted\" & <b>bold</b>",
    "_x0041_ \x07 bell",
    "null",
    "1.38.1",
    "TRUE",
    "javascript:alert(1)",
)  # fmt: skip


@pytest.fixture(scope="module")
def audited(shared_bench: Bench) -> Audited:
    """A machine for each name; subscription, owner, caller and error speak in the same tongue."""
    machines = [hostile(number, name) for number, name in enumerate(NAMES)]
    of = estate(subscription(FIRST, *machines, name=SCRIPT))
    return shared_bench.audit(of, config={"report": {"title": BREAKOUT}}, formats=ALL)


def hostile(number: int, name: str) -> Any:
    """The machine keeps a plain name in its id, as Azure demands, and shows another one."""
    extension = agent("Linux", OLD, auto_upgrade=False)
    failed = OperationSpec(
        NOW.replace(hour=1), extension.name, outcome="Failed", error_code=name[:20], error_message=f"{name} {BREAKOUT}"
    )
    return machine(
        f"web-{number}", extension, operations=(failed,), tags={"owner": name, name: SCRIPT}, override={"name": name}
    )


class Elements(HTMLParser):
    """What a browser makes of the page: elements, attributes that run code, links, scripts by type, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.links: set[str] = set()
        self.text: list[str] = []
        self.scripts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "script":
            self.scripts.append((str(dict(attrs).get("type")), ""))
        self.handlers += [name for name, _value in attrs if name.startswith("on")]
        self.links |= {str(value) for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def elements(audited: Audited) -> Elements:
    read = Elements()
    read.feed(audited.page)
    read.close()
    return read


def test_every_machine_is_judged_by_every_rule(audited: Audited) -> None:
    assert audited.gaps() == []
    assert {each["machine_name"] for each in audited.findings} == set(NAMES)
    run = set(SHIPPED) - {ON_INSTANCES, "AMA-008"}
    assert len(audited.findings) == len(run) * len(NAMES), "no workspace is queried"


def test_json_holds_the_names_as_they_are(audited: Audited) -> None:
    assert {each["owner"] for each in audited.findings} == set(NAMES)
    assert {each["subscription_name"] for each in audited.findings} == {SCRIPT}


def test_the_page_has_no_element_that_is_not_ours(elements: Elements) -> None:
    assert not elements.tags & {"img", "iframe", "object", "embed", "form", "input"}
    assert elements.handlers == []
    *data, ours = elements.scripts
    assert ours == ("module", script().text)
    assert {kind for kind, _text in data} == {"application/json", "text/plain"}
    assert not any("<" in text for _kind, text in data), "neither packed rows nor words can begin or end an element"
    assert {link.partition(":")[0] for link in elements.links if not link.startswith("#")} <= {"https", "data"}
    assert not any("attacker" in link for link in elements.links)


def test_the_page_shows_the_names_as_text(elements: Elements) -> None:
    text = "".join(elements.text)
    for name in (
        SCRIPT,
        BREAKOUT,
        "=HYPERLINK(",
        LONG,
        "{{ 7 * 7 }}",
        "東京サーバー 🖥️",
        'O\'Brien "quoted" & <b>bold</b>',
    ):
        assert name in text, name


def test_the_page_carries_no_mark_that_turns_the_text_around(audited: Audited) -> None:
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x07") & set(audited.page)
    assert "safe\ufffdgnp.exe" in audited.page, "its place stays visible"


def test_the_workbook_holds_no_formula(audited: Audited) -> None:
    book = openpyxl.load_workbook(audited.folder / "report.xlsx")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    links = [cell.hyperlink.target for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert links and all(link is None or link.startswith("https://portal.azure.com/") for link in links)


def test_the_workbook_shows_the_names_as_text(audited: Audited) -> None:
    head, *rows = audited.sheet("Findings")
    shown = {row[head.index("Machine")] for row in rows}
    assert {SCRIPT, BREAKOUT, "+SUM(A1:A9)", "-2+3", "@SUM(1)", LONG, "null", "1.38.1", "TRUE"} <= shown


def test_no_cell_of_the_csv_can_become_a_formula(audited: Audited) -> None:
    with (audited.folder / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
    assert "'+SUM(A1:A9)" in cells


def test_no_name_becomes_a_command_of_the_scripts(audited: Audited, tmp_path: Path) -> None:
    script = audited.folder / "remediation" / "enable-automatic-upgrade.sh"
    assert recorded(f"exec bash {script} >/dev/null", tmp_path / "empty") == []
    told = run_bash(f"bash {script}", tmp_path).stdout.decode().splitlines()
    assert len(told) == 2 * len(NAMES) + 1, "a line for each machine, one for what would be done, and the last"
    assert errors_in_powershell(script.with_suffix(".ps1").read_text("utf-8")) == {}


def test_a_name_cannot_pass_for_a_line_of_ours(audited: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(audited.report, audited.folder, sys.stdout)

    told = capsys.readouterr().out
    assert "\x07" not in told and "\u202e" not in told and "\x1b" not in told


def test_a_hostile_machine_id_is_asked_for_and_not_obeyed(bench: Bench) -> None:
    """An id that would lead elsewhere is still one machine: answered or a gap, and the token goes nowhere else."""
    azure = bench.simulate(estate(subscription(FIRST, machine("web-1"))))
    odd = [
        "/x?y=z#frag",
        "https://attacker.example/vm",
        "/subscriptions/../../etc",
        "//attacker.example/vm",
        "@attacker.example/vm",
    ]
    rows = [{"id": identifier, "name": "odd", "location": "japaneast"} for identifier in odd]
    azure.weather.add(Fault(r"/virtualMachines\?", amend={"value": rows}))

    audited = bench.audit(azure)

    assert audited.statuses("AMA-001") == {"unanswered": len(odd)}
    assert len(audited.gaps("instance_view")) == len(odd)
    away = [gap["reason"] for gap in audited.gaps() if "attacker.example" in gap["scope"] and gap["status"] != 404]
    assert away and all("elsewhere" in reason for reason in away), "refused here, before anything was sent"


def test_error_bodies_stay_text_too(bench: Bench) -> None:
    audited = bench.audit(
        estate(subscription(FIRST, machine("web-1"))),
        Fault("expand=instanceView", **refusal(SCRIPT, BREAKOUT)),
        formats=ALL,
    )

    read = Elements()
    read.feed(audited.page)
    assert "img" not in read.tags and {kind for kind, _text in read.scripts[:-1]} == {"application/json", "text/plain"}
    assert read.scripts[-1] == ("module", script().text)
    assert SCRIPT in "".join(read.text)
    assert json.dumps(SCRIPT)[1:-1] in (audited.folder / "run.json").read_text("utf-8")
