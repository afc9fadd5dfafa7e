"""Without the recordings these tests are skipped, and where everything should be there they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real import recordings


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setattr(recordings, "FOLDER", tmp_path / "recordings")
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("absent")
def test_absent_recordings_skip() -> None:
    with pytest.raises(pytest.skip.Exception, match="beside the checkout"):
        recordings.require_recordings()


def test_absent_recordings_fail_under_ci(absent: pytest.MonkeyPatch) -> None:
    absent.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="beside the checkout"):
        recordings.require_recordings()
