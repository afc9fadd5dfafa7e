"""A bucket of tokens for each subscription: a burst goes through, what comes after it waits in order."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.pacing import Pacer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.waited: list[float] = []

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


def pacer(clock: Clock, bucket: float = 3, refill: float = 2) -> Pacer:
    return Pacer(bucket=bucket, refill_per_second=refill, now=lambda: clock.now, pause=clock.pause)


def test_a_burst_goes_through_and_then_the_refill_sets_the_pace() -> None:
    clock = Clock()
    paced = pacer(clock)
    assert [paced.take("one") for _ in range(6)] == [0, 0, 0, 0.5, 0.5, 0.5]
    assert clock.waited == [0.5, 0.5, 0.5]


def test_each_key_has_a_bucket_of_its_own() -> None:
    clock = Clock()
    paced = pacer(clock, bucket=1)
    assert [paced.take(key) for key in ("one", "two", "three")] == [0, 0, 0]


def test_a_quiet_time_fills_the_bucket_to_its_brim_and_no_further() -> None:
    clock = Clock()
    paced = pacer(clock)
    for _ in range(3):
        paced.take("one")
    clock.now += 1000
    assert [paced.take("one") for _ in range(4)] == [0, 0, 0, 0.5]


def test_those_who_come_together_wait_one_after_the_other() -> None:
    """The clock stands still for all of them: each books a later token."""
    waited: list[float] = []
    paced = Pacer(bucket=1, refill_per_second=1, now=lambda: 0.0, pause=waited.append)
    threads = [threading.Thread(target=paced.take, args=("one",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waited) == [1, 2, 3, 4, 5, 6, 7]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_never_more_than_the_bucket_and_its_refill(gaps: list[float]) -> None:
    clock = Clock()
    paced = pacer(clock)
    for taken, gap in enumerate(gaps, start=1):
        clock.now += gap
        paced.take("one")
        assert taken <= 3 + 2 * clock.now + 1e-6
