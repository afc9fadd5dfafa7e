"""Real components that some tests need: found on the machine, never replaced by a pretender."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

_PACKAGES = {
    "chromium": "the Debian package chromium",
    "soffice": "the Debian package libreoffice-calc",
    "bash": "the Debian package bash",
    "flock": "the Debian package util-linux",
    "systemd-analyze": "the Debian package systemd",
    "node": "the Debian package nodejs",
    "jq": "the Debian package jq",
}


def require(name: str) -> Path:
    """The program ``name``; without it the test is skipped, saying what to install, and fails where ``CI`` is set."""
    found = shutil.which(name)
    if not found:
        absent(f"{name} is not installed: install {_PACKAGES[name]} to run this test")
    return Path(found)


def absent(sentence: str) -> NoReturn:
    """Skip the test with a sentence that says what to install; fail where ``CI`` is set."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
