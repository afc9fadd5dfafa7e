"""A server of hand-made answers, empty for each test, and a session with it that never waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.collect.session import Session
from tests.real.night import open_session
from tests.real.replay import Replay, replaying


@pytest.fixture(scope="session")
def _server() -> Iterator[Replay]:
    with replaying() as replay:
        yield replay


@pytest.fixture
def replay(_server: Replay) -> Replay:
    _server.clear()
    return _server


@pytest.fixture
def session(replay: Replay) -> Iterator[Session]:
    opened = open_session(replay)
    yield opened
    opened.close()
