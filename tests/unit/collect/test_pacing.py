"""Quotas are never overdrawn: a burst goes through, what comes after it waits in order, and no longer than it must."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.pacing import Pacer, QueryPacer


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


# --- queries, of which each answer tells how many are left ---


def queries(clock: Clock, of: int = 3, window_s: float = 5) -> QueryPacer:
    return QueryPacer(queries=of, window_s=window_s, now=lambda: clock.now, pause=clock.pause)


def left(count: object, resets_after: str = "00:00:05") -> dict[str, str]:
    return {"x-ms-user-quota-remaining": str(count), "x-ms-user-quota-resets-after": resets_after}


def send(paced: QueryPacer, clock: Clock, takes_s: float = 0.0, headers: dict[str, str] | None = None) -> float:
    """One query from beginning to end; returns the seconds that it had to wait."""
    before = clock.now
    ticket = paced.take()
    waited = clock.now - before
    clock.now += takes_s
    paced.give_back(ticket, headers)
    return waited


def test_a_slot_is_free_a_whole_window_after_its_answer() -> None:
    """The service counted the query at some moment before it answered."""
    clock = Clock()
    paced = queries(clock)
    assert [send(paced, clock, takes_s=1) for _ in range(4)] == [0, 0, 0, 3]
    assert clock.now == 7


def test_a_query_that_failed_holds_its_slot_all_the_same() -> None:
    clock = Clock()
    paced = queries(clock, of=1)
    paced.give_back(paced.take())
    assert send(paced, clock) == 5


@pytest.mark.parametrize(
    "headers", [{}, left(""), left("many"), left("-1"), left("1.5"), {"x-ms-user-quota-resets-after": "00:00:05"}]
)
def test_headers_that_tell_nothing_change_nothing(headers: dict[str, str]) -> None:
    clock = Clock()
    paced = queries(clock)
    assert [send(paced, clock, headers=headers) for _ in range(4)] == [0, 0, 0, 5]


def test_where_others_ask_too_no_more_is_sent_than_is_left() -> None:
    clock = Clock()
    paced = queries(clock, of=15)
    send(paced, clock, headers=left(2, "00:00:03"))
    assert [send(paced, clock, headers=left(count, "00:00:03")) for count in (1, 0)] == [0, 0]
    assert send(paced, clock) == 4, "told in whole seconds, it may be up to one more"


def test_a_reset_that_is_not_told_is_a_whole_window_away() -> None:
    clock = Clock()
    paced = queries(clock)
    send(paced, clock, headers=left(0, "soon"))
    assert send(paced, clock) == 5


def test_where_the_service_grants_more_nothing_waits() -> None:
    clock = Clock()
    paced = queries(clock)
    assert [send(paced, clock, headers=left(99 - sent)) for sent in range(90)] == [0] * 90


def test_a_window_that_began_anew_is_used_at_once() -> None:
    """The service cuts windows at moments that only its answers tell."""
    clock = Clock()
    paced = queries(clock)
    waits = [send(paced, clock, headers=left(count)) for count in (2, 1, 2, 1, 0)]
    assert waits == [0, 0, 0, 0, 0]
    assert send(paced, clock) == 5


def test_what_was_under_way_meanwhile_is_not_granted_twice() -> None:
    """Three leave together; the answer to the first knows nothing of the two others."""
    clock = Clock()
    paced = queries(clock)
    first, *others = [paced.take() for _ in range(3)]
    paced.give_back(first, left(2))
    for ticket in others:
        paced.give_back(ticket, left(0))
    assert send(paced, clock) == 5


def test_where_all_slots_are_under_way_the_next_waits_for_an_answer() -> None:
    paced = QueryPacer(queries=1, window_s=0)
    held = paced.take()
    taken = threading.Event()

    def next_one() -> None:
        paced.take()
        taken.set()

    waiting = threading.Thread(target=next_one)
    waiting.start()
    assert not taken.is_set()
    paced.give_back(held)
    assert taken.wait(10)
    waiting.join()


class Counted:
    """A service that counts queries when they arrive; ``fixed`` windows begin with a query, else they slide."""

    def __init__(self, most: int, fixed: bool) -> None:
        self.most, self.fixed = most, fixed
        self.came: list[float] = []
        self.began = float("-inf")
        self.refused = 0

    def answer(self, at: float) -> dict[str, str]:
        if self.fixed:
            self.began = self.began if at < self.began + 5 else at
            counted = sum(each >= self.began for each in self.came) + 1
        else:
            counted = sum(each > at - 5 for each in self.came) + 1
        self.came.append(at)
        self.refused += counted > self.most
        return left(max(0, self.most - counted))


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 2), st.floats(0, 1), st.integers(0, 4)), min_size=1, max_size=60
    ),
    fixed=st.booleans(),
    tells=st.booleans(),
)
def test_a_quiet_service_never_refuses_whichever_way_it_counts(
    steps: list[tuple[float, float, float, int]], fixed: bool, tells: bool
) -> None:
    """A query arrives at any moment between its sending and its answer, and up to five are under way at once.

    Our window is a thousandth of a second longer than the service's: sums of such moments are not exact.
    """
    clock = Clock()
    paced = queries(clock, of=5, window_s=5.001)
    service = Counted(5, fixed)
    under_way: list[tuple[float, int, float]] = []
    for pause, takes, when, others in steps:
        clock.now += pause
        while len(under_way) > others:
            ends, ticket, arrives = under_way.pop(0)
            clock.now = max(clock.now, ends)
            headers = service.answer(arrives)
            paced.give_back(ticket, headers if tells else None)
        ticket = paced.take()
        arrives = max(clock.now + takes * when, *service.came[-1:], *(each[2] for each in under_way), 0.0)
        under_way.append((max(arrives, clock.now + takes), ticket, arrives))
    assert service.refused == 0
