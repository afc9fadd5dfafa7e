"""How seldom garbage is looked for, and that it still is."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from auditor.workers import collect_garbage_seldom


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_garbage_is_looked_for_after_many_more_objects_than_python_would_wait_for() -> None:
    _new, *older = gc.get_threshold()
    collect_garbage_seldom()
    assert gc.isenabled()
    assert gc.get_threshold()[0] >= 10_000
    assert list(gc.get_threshold()[1:]) == older
