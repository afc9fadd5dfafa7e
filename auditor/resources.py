"""Finds the shipped rules and report designs, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def rules_folder() -> Path:
    """The shipped rule pack: one YAML file per rule, the release table."""
    return _folder("rules")


def reports_folder() -> Path:
    """The report designs: templates, style sheet, message catalogues."""
    return _folder("reports")
