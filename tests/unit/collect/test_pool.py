"""Many questions at once: sent in turn of the subscriptions, answered in the order in which they were put."""

from __future__ import annotations

from threading import Event

from auditor.collect.pool import Job, in_turn, run_all
from auditor.collect.session import Session
from auditor.model.reading import Harvest


def named(name: str, after: Event | None = None) -> Job:
    """A question of the subscription that its first letter names."""

    def ask() -> Harvest:
        assert after is None or after.wait(30)
        return Harvest({"machines": [{"name": name}]})

    return Job(name[0], ask)


def test_subscriptions_are_asked_in_turn_whatever_the_group() -> None:
    """Each has a quota of its own, so that none waits for another's."""
    groups = [[named(each) for each in group] for group in (["a1", "a2", "a3", "b1"], ["A4", "c1", "b2"], [])]
    sent = [job.ask().rows["machines"][0]["name"] for _place, job in in_turn(groups)]
    assert sent == ["a1", "b1", "c1", "a2", "b2", "a3", "A4"]


def test_answers_keep_the_order_of_the_questions(session: Session) -> None:
    """The first is answered last."""
    last = Event()

    def ask() -> Harvest:
        last.set()
        return Harvest({"machines": [{"name": "b1"}]})

    groups = [[named("a1", after=last), named("a2")], [Job("b", ask)], []]
    found = run_all(session, "questions", *groups)
    assert [[row["name"] for row in each.rows.get("machines", [])] for each in found] == [["a1", "a2"], ["b1"], []]


def test_no_question_is_no_answer(session: Session) -> None:
    assert run_all(session, "questions") == []
    assert run_all(session, "questions", []) == [Harvest()]
