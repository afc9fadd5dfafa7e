"""Finds the shipped rules and report designs, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _shipped(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def rules_folder() -> Path:
    """The shipped rule pack: one YAML file per rule, the release table."""
    return _shipped("rules")


def reports_folder() -> Path:
    """The report designs: templates, style sheet, message catalogues."""
    return _shipped("reports")


def config_example() -> Path:
    """The configuration with every setting explained."""
    return _shipped("config.example.yaml")


def deploy_folder() -> Path:
    """What starts the audit every night, a folder for each kind of host; the wheel has those that are filled in."""
    return _shipped("deploy")
