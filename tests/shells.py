"""Shells that tell what they were given: a real bash with programs of ours on its path, and readers of PowerShell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.real_parts import require

HOSTILE = (
    "it's",
    'say "hi"',
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned;",
    "a\ntouch pwned\n#",
    "a\r\ntouch pwned",
    "-rf *",
    "--output=@passwd",
    "@passwd",
    "x=@passwd",
    "~[a-z]?*{1,2}",
    "%USERPROFILE% ^& | > pwned",
    "!!history \\ back\\slash",
    "\u2018; touch pwned; \u2019\u201a\u201b",
    "\u201c$(touch pwned)\u201d",
    "txt.\u202egnp.exe\u2066\u200f\u200b",
    "bell\x07escape\x1b[2Jdelete\x7f",
    "tab\tand\u00a0blank\u2028line",
    "half \ud83d pair",
    "東京-サーバー 🖥️",
    "#Requires -Version 99",
    "${HOME} $HOME $env:PATH @(1) @{a=1}",
)
"""Names that nobody should trust."""

_AZ = """\
#!/usr/bin/env bash
printf '%s\\0' "$#" "$@" >>"$RECORD"
case $* in *list-instances*) echo 0 ;; *provisioningState*) echo Succeeded ;; esac
"""


def run_bash(text: str, folder: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """``text`` as a script, in ``folder``, on a path that has what lies in ``folder/bin`` first."""
    environment = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8", **more}
    command = [str(require("bash")), "-c", text]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)


def recorded(text: str, folder: Path) -> list[list[str]]:
    """What each call of ``az`` in the script was given, word by word; nothing else was started or written.

    A list of instances names one of them, 0; what was changed has succeeded; everything else answers nothing.
    """
    folder.mkdir(exist_ok=True)
    (folder / "bin").mkdir(exist_ok=True)
    az, record = folder / "bin" / "az", folder / "bin" / "record"
    az.write_text(_AZ, encoding="utf-8")
    az.chmod(0o755)
    record.write_bytes(b"")
    done = run_bash(text, folder, RECORD=str(record))
    assert done.stderr == b"", done.stderr
    assert [each.name for each in folder.iterdir()] == ["bin"], "no name of a resource became a command"
    return list(_calls(record.read_bytes().decode().split("\0")[:-1]))


def _calls(words: Sequence[str]) -> Iterator[list[str]]:
    at = 0
    while at < len(words):
        count = int(words[at])
        yield list(words[at + 1 : at + 1 + count])
        at += 1 + count


QUOTES = "'\u2018\u2019\u201a\u201b"
_CALL = "[char]::ConvertFromUtf32(0x"


def read_powershell(text: str) -> str:
    """The value of an argument as PowerShell's documentation says that it is read; ValueError for anything else.

    A text in single quotes ends at any of five quotes that is not doubled; nothing in it is expanded. Beside that only
    a sum in parentheses is read, of such texts and of characters by their number:
    https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
    """
    if not text.startswith("("):
        value, rest = _literal(text)
        if rest:
            raise ValueError(rest)
        return value
    value, rest = "", text[1:]
    while True:
        if rest.startswith(_CALL):
            number, _end, rest = rest.removeprefix(_CALL).partition(")")
            value += chr(int(number, 16))
        else:
            part, rest = _literal(rest)
            value += part
        if rest == ")":
            return value
        if not rest.startswith(" + "):
            raise ValueError(rest)
        rest = rest[3:]


def _literal(text: str) -> tuple[str, str]:
    if not text or text[0] not in QUOTES:
        raise ValueError(text)
    value, at = "", 1
    while at < len(text):
        if text[at] not in QUOTES:
            value += text[at]
        elif text[at + 1 : at + 2] and text[at + 1] in QUOTES:
            at += 1
            value += text[at]
        else:
            return value, text[at + 1 :]
        at += 1
    raise ValueError("the text does not end")


def errors_in_powershell(text: str) -> Mapping[str, str]:
    """What a grammar of PowerShell that is not ours cannot read, by the place; it knows of straight quotes only."""
    import tree_sitter
    import tree_sitter_powershell

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    found, rest = {}, [parser.parse(text.encode()).root_node]
    while rest:
        node = rest.pop()
        if node.is_error or node.is_missing:
            found[str(node.start_point)] = text.encode()[node.start_byte : node.end_byte].decode()[:80]
        rest.extend(node.children)
    return found
