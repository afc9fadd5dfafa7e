"""Knocking at the endpoints: nobody is named, for nothing is asked yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cloud import Cloud
from auditor.collect.checkup.reach import reach
from auditor.model.settings import Settings
from tests.real.night import azure
from tests.real.replay import Answer, Replay


def test_a_password_in_netrc_is_shown_to_nobody(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "netrc"
    file.write_text("default login somebody password word\n")
    monkeypatch.setenv("NETRC", str(file))
    replay.give("/", Answer.json({}))
    settings = Settings(azure=azure(replay))
    [endpoint] = reach(Cloud(settings.azure), settings)
    assert not endpoint.reason
    assert [each.authorization for each in replay.asked] == [""]
