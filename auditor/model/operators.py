"""Which operators a column takes, by how its values are typed."""

from __future__ import annotations

from auditor.model.dataset import Kind
from auditor.model.rule import ORDERING, Operator

ORDERED = frozenset({Kind.VERSION, Kind.NUMBER, Kind.DURATION})
"""Kinds whose values have an order that means something."""
NOT_COMPARED = frozenset({Kind.TIME, Kind.TAGS})
"""Kinds that stand in texts only: durations are compared instead of times, and tags one by one."""


def operators_of(kind: Kind) -> tuple[Operator, ...]:
    """The operators that a condition may use on a column of ``kind``; none where it is not compared at all."""
    if kind in NOT_COMPARED:
        return ()
    without = frozenset() if kind in ORDERED else ORDERING
    return tuple(
        operator
        for operator in Operator
        if operator not in without and (operator is not Operator.MATCHES or kind is Kind.TEXT)
    )
