"""The least role as a file for Azure's own command, and beside it what to know before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TextIO

from auditor.catalogue import Catalogue
from auditor.render.terminal import encodable_in, paragraph, terminal_width


def print_role(
    role: Mapping[str, object], remarks: Iterable[str], data: TextIO, talk: TextIO, language: str = "en"
) -> None:
    """The role as JSON on ``data``; the remarks (keys of the catalogue's section ``role``) as a list on ``talk``."""
    data.write(json.dumps(role, indent=2) + "\n")
    data.flush()
    catalogue = Catalogue(language)
    lines = [line for key in remarks for line in _lines(catalogue.say("role", key))]
    talk.write(encodable_in("\n".join(lines) + "\n", talk))


def _lines(text: str) -> list[str]:
    """The remark; a command below it stays on one line, to be copied."""
    remark, *commands = text.splitlines()
    return [*paragraph(remark, terminal_width(), "- "), *(f"    {each}" for each in commands)]
