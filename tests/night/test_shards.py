"""How the estate is cut: whole subscriptions, in order, about as many machines as asked for."""

from __future__ import annotations

from auditor.model.parcel import Survey
from auditor.model.reading import Row
from auditor.shards import plan


def survey(**machines: int) -> Survey:
    """Subscriptions of these sizes."""
    rows: list[Row] = [{"subscription_id": name} for name, size in machines.items() for _machine in range(size)]
    return Survey({"machines": rows}, (), tuple(machines))


def cut(most: int, **machines: int) -> list[tuple[str, ...]]:
    return [scope.subscriptions for scope in plan(survey(**machines), most)]


def test_no_subscription_makes_no_shard() -> None:
    assert plan(survey(), 10) == []


def test_small_subscriptions_share_a_shard() -> None:
    assert cut(10, a=4, b=4, c=4, d=1) == [("a", "b", "c"), ("d",)]


def test_a_large_subscription_is_not_cut() -> None:
    assert cut(10, a=35, b=1) == [("a",), ("b",)]


def test_subscriptions_without_machines_are_audited_too() -> None:
    """They have an activity log, and a reading that says that they are empty."""
    assert cut(10, a=0, b=0) == [("a", "b")]


def test_the_order_is_that_of_ids_without_case() -> None:
    assert cut(1, B=1, a=1, c=1) == [("a",), ("B",), ("c",)]


def test_every_shard_has_a_name_of_its_own() -> None:
    assert [scope.name for scope in plan(survey(a=5, b=5), 1)] == ["shard-00000", "shard-00001"]
