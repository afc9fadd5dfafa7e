"""Mistakes and places that cannot be written: exit 2, nothing fetched, nothing written, all told at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli import main
from auditor.simulator import Simulator
from tests.night.parts import FIRST, LETTER, TOKEN, Bench, estate, machine, subscription


class Terminal:
    """The command line, as a person has it before him: in ``folder``, with a simulated Azure that counts."""

    def __init__(self, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = bench.folder
        self.azure: Simulator = bench.simulate(estate(subscription(FIRST, machine("web-1"))))
        self.config = self.azure.write_config(bench.folder / "config.yaml")
        self._capsys = capsys

    def refuses(self, *arguments: str, output: Path | None = None) -> list[str]:
        """The lines that are told, after it was made sure that nothing was asked and nothing written."""
        before = sorted(self.folder.rglob("*"))
        target = output or self.folder / "report"
        code = main(["run", "--config", str(self.config), "--output", str(target), *arguments])
        told = self._capsys.readouterr()
        assert code == 2, told
        assert told.out == ""
        assert self.azure.requests.snapshot() == {}
        assert sorted(self.folder.rglob("*")) == before
        return [line for line in told.err.splitlines() if not line.startswith("settle ")]

    def write(self, text: str) -> None:
        """Add ``text`` to the configuration."""
        self.config.write_text(self.config.read_text("utf-8") + text, encoding="utf-8")


@pytest.fixture
def terminal(bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    yield Terminal(bench, capsys)


# --- the output folder ---


def test_a_folder_below_a_file_cannot_be_written(terminal: Terminal) -> None:
    file = terminal.folder / "notes.txt"
    file.write_text("mine")

    [told] = terminal.refuses(output=file / "report")

    assert told.startswith(f"The report was not written to {file / 'report'}: ")
    assert "--output" in told


def test_a_file_in_the_way_is_left_alone(terminal: Terminal) -> None:
    file = terminal.folder / "report"
    file.write_text("mine")

    [told] = terminal.refuses(output=file)

    assert "in the way" in told and file.read_text() == "mine"


def test_a_folder_that_holds_something_else_is_left_alone(terminal: Terminal) -> None:
    folder = terminal.folder / "report"
    folder.mkdir()
    (folder / "thesis.docx").write_text("mine")

    [told] = terminal.refuses(output=folder)

    assert "holds what is not an earlier report" in told
    assert (folder / "thesis.docx").read_text() == "mine"


def test_an_earlier_report_gives_way(bench: Bench, terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    output = terminal.folder / "report"
    for _night in range(2):
        assert main(["run", "--config", str(terminal.config), "--output", str(output), "--format", "json", "-q"]) == 0

    assert {path.name for path in output.iterdir()} == {"findings.json", "run.json", *LETTER}


# --- mistakes ---


def test_all_mistakes_of_all_files_are_told_at_once_with_their_places(terminal: Terminal) -> None:
    (terminal.folder / "exemptions.yaml").write_text(
        "- {rule: AMA-999, owner: me, reason: r, ticket: t, expires: soon}\n"
    )
    rule = terminal.folder / "OWN-001.yaml"
    rule.write_text("id: OWN-001\ntitle: {en: x}\nseverity: grave\nframe: extensions\n")
    terminal.write("exemptions: exemptions.yaml\nscope:\n  subscription: []\nreport:\n  time_zone: Mars/Olympus\n")

    told = terminal.refuses("--rules", str(rule), "--subscription", "production")

    text = "\n".join(told)
    for part in (
        "config.yaml:", "scope.subscription", "report.time_zone", "Mars/Olympus", "exemptions.yaml:1:", "AMA-999",
        "OWN-001.yaml:3:", "grave", "--subscription", "production",
    ):  # fmt: skip
        assert part in text, part
    assert all(": " in line for line in told) and len(told) >= 6


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("scope: {}\nscope: {}\n", "scope"),
        ("colour: blue\n", "colour"),
        ("sources: {lookback: 14}\n", "lookback"),
        ("sources: {lookback: 90d}\n", "90"),
        ("time_budget: 2h\n", "needs an archive"),
        ("deliver: [{kind: email}]\n", "deliver[0].smtp: is missing"),
        ("report: {title: '${NOBODY_SET_THIS}'}\n", "NOBODY_SET_THIS"),
        ("exemptions: nowhere.yaml\n", "nowhere.yaml"),
        ("rules: {AMA-002: {params: {releases: many}}}\n", "releases"),
        ("rules: {AMA-2: {enabled: false}}\n", "AMA-2"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ""),
        ("\t- no YAML\n", "config.yaml"),
    ],
)
def test_a_mistake_is_told_with_its_place(terminal: Terminal, written: str, told: str) -> None:
    terminal.write(written)

    lines = terminal.refuses()

    assert lines and any(told in line for line in lines), lines
    assert all(line.startswith(f"{terminal.config}") for line in lines), lines


def test_an_endpoint_in_clear_is_refused(terminal: Terminal) -> None:
    text = terminal.config.read_text("utf-8")
    terminal.config.write_text(text.replace("https://", "http://"), encoding="utf-8")

    told = terminal.refuses()

    assert len(told) == 3 and all("bearer token would travel in clear" in line for line in told)


def test_a_token_that_is_not_set_is_named_and_not_shown(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITOR_ACCESS_TOKEN")

    [told] = terminal.refuses()

    assert "AUDITOR_ACCESS_TOKEN" in told


def test_a_configuration_that_is_not_there_says_how_to_name_one(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(bench.folder / "none.yaml"), "--output", str(bench.folder / "out")]) == 2

    assert "--config" in capsys.readouterr().err
    assert list(bench.folder.iterdir()) == []


def test_a_name_in_the_place_of_an_id_is_refused(terminal: Terminal) -> None:
    [told] = terminal.refuses("--subscription", "Contoso Production")

    assert "Contoso Production" in told and "GUID" in told
