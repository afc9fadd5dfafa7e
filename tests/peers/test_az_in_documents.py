"""Every ``az`` command that a README below deploy/ tells people to run is known to the real one, with its options."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.peers.parts import az

DOCUMENTS = sorted((Path(__file__).parents[2] / "deploy").glob("*/README.md"))
_EXTENSIONS = ("connectedmachine",)
"""What a plain installation would first have to download."""


_COMMAND = re.compile(r"\baz ((?:[a-z][a-z-]* )+)((?:(?!\baz )[^\n`|>])*--(?:(?!\baz )[^\n`|>])*)")
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


def told() -> dict[str, set[str]]:
    """The options by command, over all documents."""
    found: dict[str, set[str]] = {}
    for document in DOCUMENTS:
        for command, rest in _COMMAND.findall(document.read_text("utf-8").replace("\\\n", " ")):
            if not command.startswith(_EXTENSIONS):
                found.setdefault(command.strip(), set()).update(_OPTION.findall(rest.split("#")[0]))
    return found


@pytest.mark.parametrize(("command", "options"), sorted(told().items()))
def test_az_knows_the_command_and_its_options(command: str, options: set[str]) -> None:
    asked = [str(az()), *command.split(), "--help"]

    help_text = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)

    assert help_text.returncode == 0, help_text.stderr
    assert options <= set(re.findall(r"--[a-z][a-z-]*", help_text.stdout))


def test_the_documents_name_commands() -> None:
    assert "role assignment create" in told()
