"""What the documents promise is so."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from auditor.cli import _parser
from auditor.errors import ExitCode
from auditor.model.files import FILES, LETTER_HTML, LETTER_TEXT, RUN_FILE
from auditor.model.rights import RIGHTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEPLOY = sorted((ROOT / "deploy").glob("*/README.md"))
COMMANDS = [line.strip() for line in README.splitlines() if re.match(r" {4,}.*python -m auditor ", line)]


def marked(name: str) -> str:
    """The command between the README's marks."""
    block = README.split(f"<!-- {name} -->", 1)[1].split("<!-- end -->", 1)[0]
    return block.strip()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_in_the_readme_is_one(line: str) -> None:
    arguments = shlex.split(line.rsplit("python -m auditor ", 1)[1])
    assert _parser().parse_args(arguments).command


def test_the_readme_has_the_two_commands_and_the_checks_call_the_second() -> None:
    assert marked("demo").endswith("-m auditor demo")
    assert "-m pytest" in marked("tests")
    assert "<!-- tests -->" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_extras_that_the_readme_installs_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {extra for extras in re.findall(r'"\.\[([a-z,-]+)\]"', README) for extra in extras.split(",")}
    assert named <= set(project["optional-dependencies"])


def test_the_readme_names_every_file_of_the_output_folder() -> None:
    for file in (RUN_FILE, LETTER_HTML, LETTER_TEXT, *FILES.values()):
        assert f"`{file}`" in README


def test_the_readme_names_every_exit_code_and_action() -> None:
    told = README.split("### Exit codes", 1)[1].split("##", 1)[0]
    for code in ExitCode:
        assert re.search(rf"(\| {int(code)} \||\b{int(code)}, )", told), code
    for right in RIGHTS.values():
        assert all(action in README for action in right.all)


def test_links_in_the_readme_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


# --- deploy/ ---


def asked_of_the_auditor(document: Path) -> list[str]:
    """What follows the program's name on each line that starts it, with lines that go on put together."""
    lines = document.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    started = r"^ {4}.*\bauditor ((?:run|doctor|init|history|demo)\b[^>|&]*)"
    return [found[1] for line in lines if (found := re.match(started, line))]


@pytest.mark.parametrize("line", [line for document in DEPLOY for line in asked_of_the_auditor(document)])
def test_every_command_of_the_auditor_in_a_way_of_running_it_is_one(line: str) -> None:
    assert _parser().parse_args(shlex.split(line)).command


@pytest.mark.parametrize("document", DEPLOY, ids=lambda each: each.parent.name)
def test_links_between_the_ways_of_running_it_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target
