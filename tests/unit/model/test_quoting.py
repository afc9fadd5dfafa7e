"""Whatever a name holds, it is one argument: bash itself says so, and PowerShell's documented rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.quoting import json_text, posix, powershell, url_path
from tests.shells import HOSTILE, errors_in_powershell, read_powershell, run_bash

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NASTY = st.text(
    "'\"`$();|&\\ \n\r\t#~*?[]{}!@=-\u2018\u2019\u201a\u201b\u201c\u202e\u200b\u00a0\u0085\x1ba東", max_size=9
)


def whole(text: str) -> str:
    """As it can be written at all: half of a surrogate pair cannot."""
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)


def through_bash(texts: list[str], folder: Path) -> list[str]:
    done = run_bash("printf '%s\\0' end " + " ".join(map(posix, texts)), folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().split("\0")[1:-1]


def test_bash_reads_hostile_names_as_they_are(tmp_path: Path) -> None:
    assert through_bash(list(HOSTILE), tmp_path) == list(map(whole, HOSTILE))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60)
@given(st.lists(NASTY | NAMES, min_size=1, max_size=30))
def test_bash_reads_every_name_as_it_is(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    assert through_bash(texts, tmp_path_factory.getbasetemp()) == texts


@pytest.mark.parametrize("text", HOSTILE)
def test_no_command_hides_what_it_says(text: str) -> None:
    """A control, a mark that turns the text around, a blank that is none: all are seen in both shells."""
    for quoted in (posix(text), powershell(text)):
        assert quoted.replace("\u2019", "").isprintable()
        assert not set(quoted) & set("\u202e\u2066\u200f\u200b\u00a0\u2028\x07\x1b\x7f\n\r\t")


@given(NASTY | NAMES)
def test_powershells_rules_give_every_name_back(text: str) -> None:
    """No PowerShell reads it here: these are the documented rules."""
    assert read_powershell(powershell(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_grammar_that_is_not_ours_reads_one_argument(text: str) -> None:
    assert errors_in_powershell(f"Get-AzVM -Name {powershell(text)} -Status") == {}


def test_powershell_itself_reads_hostile_names_as_they_are() -> None:
    program = shutil.which("pwsh")
    if program is None:
        pytest.skip("PowerShell is not installed: install pwsh to run this test; until then its documented rules judge")
    texts = list(map(whole, HOSTILE))
    told = ", ".join(map(powershell, texts))
    command = (
        f"[Console]::OutputEncoding = [Text.Encoding]::UTF8; ConvertTo-Json -EscapeHandling EscapeNonAscii @({told})"
    )
    done = subprocess.run([program, "-NoProfile", "-Command", command], capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout) == texts


@given(st.dictionaries(NASTY | NAMES, st.recursive(NASTY | NAMES | st.booleans(), st.lists, max_leaves=3)))
def test_json_is_the_same_and_has_nothing_that_a_shell_or_az_takes_for_its_own(value: dict[str, object]) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isascii() and not set(text) & set("'`$@=;|&<>()!*?#~%\n")


@given(NASTY | NAMES)
def test_an_address_has_letters_digits_and_percent_signs_alone(text: str) -> None:
    address = url_path(text)
    assert unquote(address) == text
    assert set(address) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._~-%")
    assert posix(address) in (address, f"'{address}'") and powershell(address) == f"'{address}'"


def test_half_of_a_pair_is_written_as_what_stands_for_it() -> None:
    assert url_path("a\ud83d") == "a%3F"
    assert read_powershell(powershell("a\ud83d")) == "a\ufffd"
