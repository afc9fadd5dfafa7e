"""The least role as a file for Azure's own command, and beside it what to know before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TextIO

from auditor.render.terminal import encodable_in, paragraph, terminal_width
from auditor.render.words import section


def print_role(role: Mapping[str, object], remarks: Iterable[str], data: TextIO, talk: TextIO) -> None:
    """The role as JSON on ``data``; the remarks (keys of the catalogue's section ``role``) as a list on ``talk``."""
    data.write(json.dumps(role, indent=2) + "\n")
    data.flush()
    texts = section("role")
    lines = [line for key in remarks for line in _lines(texts[key])]
    talk.write(encodable_in("\n".join(lines) + "\n", talk))


def _lines(text: str) -> list[str]:
    """The remark; a command below it stays on one line, to be copied."""
    remark, *commands = text.splitlines()
    return [*paragraph(remark, terminal_width(), "- "), *(f"    {each}" for each in commands)]
