"""Real components that some tests need: found on the machine, never replaced by a pretender."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_PACKAGES = {
    "chromium": "the Debian package chromium",
    "soffice": "the Debian package libreoffice-calc",
}


def require(name: str) -> Path:
    """The program ``name``; without it the test is skipped, saying what to install, and fails where ``CI`` is set."""
    found = shutil.which(name)
    if found:
        return Path(found)
    sentence = f"{name} is not installed: install {_PACKAGES[name]} to run this test"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
