from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.night.parts import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Simulated Azures that serve until the test ends."""
    with ExitStack() as open_until_the_end:
        yield Bench(tmp_path, open_until_the_end.enter_context, count(1))
