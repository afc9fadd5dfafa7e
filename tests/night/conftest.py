from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.night.commands import Shell, shell_of
from tests.night.parts import Bench, open_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as opened:
        yield open_bench(tmp_path, opened)


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """For a night that all tests of a module look at."""
    with ExitStack() as opened:
        yield open_bench(tmp_path_factory.mktemp("night"), opened)


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str]) -> Shell:
    return shell_of(capfd)
