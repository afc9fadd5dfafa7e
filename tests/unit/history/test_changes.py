"""What becomes of a failure: exactly one word for each, and never "fixed" or "gone" for what nobody saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.history import changes
from auditor.model.memory import Memory, OpenFailure
from auditor.model.past import Past
from auditor.model.reading import Source
from auditor.model.report import CHANGES
from auditor.model.rule import Rule
from auditor.model.verdict import Status
from tests.unit.history.parts import (
    DAY,
    FIRST,
    LISTS,
    NOW,
    ON_OPERATIONS,
    RULE,
    Machine,
    agent_id,
    became,
    fails,
    frames_of,
    machine_id,
)


def failed(name: str, code: str = "disabled") -> OpenFailure:
    return OpenFailure(
        RULE.id, agent_id(name), machine_id(name), name, FIRST, None, "vm", "machine", "none", "low", code, "Off.",
        NOW - 3 * DAY, NOW - DAY, 3,
    )  # fmt: skip


def compared(
    *machines: Machine,
    before: tuple[str, ...] = ("a",),
    rules: tuple[Rule, ...] = (RULE,),
    unread: Iterable[Source] = (),
) -> Past:
    memory = Memory(since=NOW - DAY, failures=tuple(map(failed, before)))
    return changes(memory, [frames_of(machines, unread=unread)], (), rules, NOW)


@pytest.mark.parametrize(
    ("tonight", "word"),
    [
        (fails("a"), "still"),
        (fails("a", "behind"), "changed"),
        (Machine("a"), "fixed"),
        (Machine("a", Status.NOT_APPLICABLE, "stopped"), "no_longer_visible"),
        (Machine("a", agent=False), "gone"),
        (Machine("a", verdict=None), "no_longer_visible"),
    ],
)
def test_a_failure_becomes(tonight: Machine, word: str) -> None:
    assert became(compared(tonight)) == {"a": word}


def test_what_somebody_accepted_is_not_fixed_and_was_not_left_unseen() -> None:
    """It fails still, and when the exemption ends, it has failed since its first night."""
    past = compared(Machine("a", Status.EXEMPT, "disabled"))

    assert (became(past), past.counts.total(), past.carried) == ({}, 0, ())
    assert past.open == (replace(failed("a"), excused=True),)


@pytest.mark.parametrize(
    "tonight",
    [
        Machine("a", Status.UNANSWERED, "not_known"),
        Machine("a", Status.PENDING, "rolling_out"),
        Machine("a", agent=False, read=False),
    ],
)
def test_what_was_not_answered_stays_open_with_its_first_night(tonight: Machine) -> None:
    past = compared(tonight)

    assert became(past) == {}
    assert past.open == past.carried == (failed("a"),)


def test_a_machine_that_is_in_no_list_is_gone_only_where_its_list_was_read() -> None:
    assert became(compared(Machine("b"))) == {"a": "gone"}
    assert became(compared(Machine("b"), unread=[Source.VIRTUAL_MACHINES])) == {}


def test_a_subscription_that_was_not_asked_loses_nothing() -> None:
    memory = Memory(since=NOW - DAY, failures=(failed("a"),))

    assert changes(memory, [], (), (RULE,), NOW).open == (failed("a"),)


def test_a_rule_that_was_not_asked_mends_nothing() -> None:
    past = compared(Machine("a"), rules=())

    assert (became(past), past.open, past.carried) == ({}, (failed("a"),), ()), "and it is not told every night"


def test_a_failure_that_nobody_remembers_is_new() -> None:
    past = compared(fails("b"), before=())

    assert became(past) == {"b": "new"}
    assert [(each.first_seen, each.nights) for each in past.open] == [(NOW, 1)]


def test_a_failure_that_goes_on_keeps_its_first_night_and_counts_another() -> None:
    (failure,) = compared(fails("a")).open

    assert (failure.first_seen, failure.last_seen, failure.nights) == (NOW - 3 * DAY, NOW, 4)


def test_on_the_first_night_nothing_has_changed() -> None:
    past = changes(Memory(), [frames_of([fails("a")])], (), (RULE,), NOW)

    assert (past.standings, past.departed, past.since) == ({}, (), None)
    assert [each.nights for each in past.open] == [1]


@pytest.mark.parametrize(
    ("word", "change"), [("none", "no_longer_visible"), ("healed", "fixed"), ("superseded", "fixed")]
)
def test_a_failed_operation_leaves_with_evidence_only(word: str, change: str) -> None:
    """An operation that merely left the look-back has not been healed."""
    past = compared(Machine("a", last_failure=word), rules=(ON_OPERATIONS,))

    assert became(past) == {"a": change}


NAMES = ("a", "b", "c", "d")
MACHINES = st.fixed_dictionaries(
    {},
    optional={
        name: st.builds(
            Machine,
            st.just(name),
            st.sampled_from([*Status, None]),
            st.sampled_from(["disabled", "behind"]),
            agent=st.booleans(),
            read=st.booleans(),
        )
        for name in NAMES
    },
)
UNREAD = st.sets(st.sampled_from(LISTS))


@settings(max_examples=40)  # each builds all frames of a shard
@given(st.sets(st.sampled_from(NAMES)), MACHINES, UNREAD)
def test_each_failure_becomes_exactly_one_thing_and_none_is_lost(
    before: set[str], machines: dict[str, Machine], unread: set[Source]
) -> None:
    """Exhaustive and exclusive: what was open has left with a word, or is open still."""
    past = compared(*machines.values(), before=tuple(before), unread=unread)

    left = [each.failure.machine_name for each in past.departed]
    still_open = [each.machine_name for each in past.open]
    failing = {name for name, each in machines.items() if each.agent and each.verdict is Status.FAIL}
    assert sorted([*left, *still_open]) == sorted(before | failing)
    assert {each.change for each in past.departed} <= {"fixed", "gone", "no_longer_visible"}
    assert past.counts.total() == len(failing) + len(left) and set(past.counts) <= set(CHANGES)
    exempt = {name for name, each in machines.items() if each.agent and each.verdict is Status.EXEMPT}
    assert len(past.carried) == len(before - failing - exempt - set(left))


@settings(max_examples=40)  # each builds all frames of a shard
@given(MACHINES, UNREAD, st.sampled_from(NAMES))
def test_what_was_not_seen_is_neither_fixed_nor_gone(
    machines: dict[str, Machine], unread: set[Source], name: str
) -> None:
    """Gone needs the list, fixed a verdict that passes."""
    past = compared(*machines.values(), before=(name,), unread=unread)

    word, machine = became(past).get(name), machines.get(name)
    if word == "gone":
        unlisted = machine is None and Source.VIRTUAL_MACHINES not in unread
        assert unlisted or (machine and machine.read and not machine.agent)
    if word == "fixed":
        assert machine and machine.agent and machine.verdict is Status.PASS
