"""The words of what is printed without a report: by section of the message catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from auditor.resources import reports_folder


@cache
def section(name: str, language: str = "en") -> Mapping[str, str]:
    """The texts of one section. Raises KeyError for a section that is not there."""
    return dict(_catalogue(language)[name])


@cache
def _catalogue(language: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.load((reports_folder() / f"{language}.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    return loaded
