"""The replaying server, started once, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.real.recordings import require_recordings
from tests.real.replay import Replay, replaying


@pytest.fixture(scope="session")
def _server() -> Iterator[Replay]:
    with replaying() as replay:
        yield replay


@pytest.fixture
def replay(_server: Replay) -> Replay:
    require_recordings()
    _server.clear()
    return _server


@pytest.fixture(scope="module")
def replay_once(_server: Replay) -> Replay:
    """The same for what a module's tests look at together."""
    require_recordings()
    _server.clear()
    return _server
