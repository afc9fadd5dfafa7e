"""A test that needs a real component says what to install, and is no green tick where everything should be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_parts import require


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine on which no program is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("bare")
def test_a_missing_component_skips_with_what_to_install() -> None:
    with pytest.raises(pytest.skip.Exception, match="install the Debian package chromium"):
        require("chromium")


def test_a_missing_component_fails_under_ci(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="install the Debian package libreoffice-calc"):
        require("soffice")


def test_a_component_that_is_there_is_found(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.touch(mode=0o755)
    bare.setenv("CI", "true")
    assert require("chromium") == program
