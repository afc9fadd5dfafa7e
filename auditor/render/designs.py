"""The shipped designs of ``reports/``: templates, texts such as style sheets, and what is data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor.render.text import printable
from auditor.resources import reports_folder


def environment(*, markup: bool = True) -> Environment:
    """Writes only what people can be shown, and refuses a word that the catalogue does not have.

    ``markup``: whatever it writes is escaped; without it the design is a plain text.
    """
    return Environment(
        loader=FileSystemLoader(reports_folder()),
        autoescape=markup,  # noqa: S701 - for a plain text there is nothing to escape
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def text(name: str) -> str:
    """A design as it is written."""
    return (reports_folder() / name).read_text(encoding="utf-8")


@cache
def data(name: str) -> Mapping[str, Any]:
    """A design in YAML, read once."""
    loaded: Mapping[str, Any] = yaml.load(text(name), Loader=yaml.CSafeLoader)
    return loaded


def filled(design: Any, values: Mapping[str, object]) -> Any:
    """A part of a design with ``values`` in the place of their names, which are written with a $ in front."""
    if isinstance(design, dict):
        return {key: filled(part, values) for key, part in design.items()}
    return values[design] if isinstance(design, str) and design in values else design


def _shown(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
