"""Texts on their way into a command: whatever a name holds, it stays one argument and is seen for what it is.

Addresses are percent-encoded first, so that of a resource's name only letters, digits and ``-._~%`` reach a shell.
"""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~-]*")
_SINGLE_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
_TAKEN = re.compile('[^A-Za-z0-9 {}\\[\\]":,._/\\\\-]')


def url_path(text: str) -> str:
    """A path, or a piece of one, as it stands in an address; slashes stay."""
    return text if _PLAIN_PATH.fullmatch(text) else quote(text.encode("utf-8", "replace"), safe="/")


def json_text(value: Mapping[str, object]) -> str:
    """Compact JSON in ASCII, with what a shell or ``az`` could take for its own written as an escape.

    ``az`` reads a file in the place of what follows ``=@`` in any argument.
    """
    text = json.dumps(value, separators=(",", ":"))
    return _TAKEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def posix(text: str) -> str:
    """One argument of bash. What cannot be seen (controls, marks that turn the text around) is written as its bytes."""
    if (text.isascii() and text.isprintable()) or not any(map(_unseen, text)):
        return shlex.quote(text)
    return "$'" + "".join(map(_ansi, text)) + "'"


def powershell(text: str) -> str:
    """One argument of PowerShell, in single quotes, in which nothing is expanded.

    All of U+0027 and U+2018 to U+201B end such a text, and are doubled to stand in it:
    https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
    What cannot be seen is put in as a number.
    """
    if (text.isascii() and text.isprintable()) or not any(map(_unseen, text)):
        return _in_quotes(text)
    parts = re.split(f"([{''.join(re.escape(each) for each in sorted(set(filter(_unseen, text))))}])", text)
    return "(" + " + ".join(_number(part) if index % 2 else _in_quotes(part) for index, part in enumerate(parts)) + ")"


def _in_quotes(text: str) -> str:
    return "'" + _SINGLE_QUOTES.sub(lambda found: found[0] * 2, text) + "'"


def _number(character: str) -> str:
    """PowerShell's characters are UTF-16; this makes two of them where it takes two."""
    return f"[char]::ConvertFromUtf32(0x{_sayable(character):x})"


def _sayable(character: str) -> int:
    """The number of a character; half of a surrogate pair is none, and becomes U+FFFD."""
    return 0xFFFD if unicodedata.category(character) == "Cs" else ord(character)


def _ansi(character: str) -> str:
    if character in "'\\":
        return "\\" + character
    if not _unseen(character):
        return character
    return "".join(f"\\x{byte:02x}" for byte in chr(_sayable(character)).encode())


def _unseen(character: str) -> bool:
    """Controls, formats (reading direction, zero width), separators other than the blank, private and unassigned."""
    return unicodedata.category(character)[0] == "C" or (character != " " and unicodedata.category(character)[0] == "Z")
