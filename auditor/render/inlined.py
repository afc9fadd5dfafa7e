"""What stands in the page beside its words: one style sheet and one script, each known to the page by its hash.

The tables are DataTables, out of the offline bundle that itables ships. itables itself is never imported: that takes
two seconds, and only the bundle is wanted. The bundle is a module that others load from an address, which a page
without a network has not (itables makes a ``blob:`` address, which a policy would have to let in); so its last
statement, the exports, becomes a constant, and our script follows in the same module.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

from markupsafe import Markup

from auditor.render import designs

_EXPORTS = re.compile(r"export\s*\{([^{}]*)\}\s*;?")
_ENDS_ELEMENT = re.compile(r"<(/script|!--|script)", re.IGNORECASE)


_VERSION = re.compile(r"\(\*! DataTables (\d[\d.]*)")


@dataclass(frozen=True)
class Inlined:
    """A text that goes into the page as it is, and the source by which the Content-Security-Policy lets it in."""

    text: Markup

    @property
    def source(self) -> str:
        return f"'sha256-{b64encode(sha256(self.text.encode()).digest()).decode()}'"

    @property
    def version(self) -> str:
        """Of DataTables; empty where the bundle does not tell it."""
        told = _VERSION.search(self.text)
        return told[1] if told else ""


@cache
def style(*further: str) -> Inlined:
    """The style sheet of the page, and those of ``reports/`` that are named, in their order."""
    sheets = (designs.text(name) for name in ("page/style.css", *further))
    return Inlined(Markup("".join(sheets)))  # noqa: S704 - our own style sheets, shipped with the program


@cache
def script() -> Inlined:
    """The library of the tables and our own script, as one module."""
    return Inlined(Markup(f"{library()}\n{designs.text('page/script.js')}"))  # noqa: S704 - code that is shipped, no data in it


@cache
def library() -> str:
    """DataTables as a constant ``library`` with the names that the bundle exports."""
    bundle = Path(str(distribution("itables").locate_file("itables/html/dt_bundle.js"))).read_text(encoding="utf-8")
    whole, found = _EXPORTS.subn(_as_constant, bundle)
    if found != 1:
        raise ValueError(f"itables' bundle has {found} statements of exports where one is expected")
    # In a script element these would begin or end another; in the bundle they stand in strings and patterns, where an
    # escape means the same.
    return _ENDS_ELEMENT.sub(r"\\x3c\1", whole)


def _as_constant(exports: re.Match[str]) -> str:
    pairs = (pair.split(" as ") for pair in exports[1].split(","))
    return "const library={" + ",".join(f'"{told[-1].strip()}":{told[0].strip()}' for told in pairs) + "};"
