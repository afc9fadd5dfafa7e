"""Risks that somebody accepted: which rows they name, and which failures they excuse tonight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from auditor.judge.conditions import Mask, Truth, evaluate
from auditor.judge.views import view_of
from auditor.model.reading import Row
from auditor.model.rule import ALWAYS, Exemption, RuleBook


@dataclass(frozen=True, slots=True)
class Naming:
    """The rows that an exemption names, and those of which that is not known; ``position`` is its in the rule book."""

    position: int
    exemption: Exemption
    rows: Truth


def naming(exemptions: Sequence[Exemption], rule: str, view: pd.DataFrame, frame: str) -> list[Naming]:
    """What the exemptions of ``rule`` name among the rows of ``view``, expired ones too."""
    return [
        Naming(position, exemption, _named(exemption, view, frame))
        for position, exemption in enumerate(exemptions)
        if exemption.rule == rule
    ]


def naming_unread(
    exemptions: Sequence[Exemption], rule: str, view: pd.DataFrame, frame: str, ids: Sequence[str], *, instances: bool
) -> list[Naming]:
    """The same for machines (or, with ``instances``, scale sets) of whose contents nobody knows; ``ids`` are theirs.

    An exemption of something that lies below them cannot be told: it was not seen.
    """
    return [
        Naming(position, exemption, _named_below(exemption, view, frame, ids, instances=instances))
        for position, exemption in enumerate(exemptions)
        if exemption.rule == rule
    ]


def excuse(found: Sequence[Naming], rows: int, today: date) -> list[str | None]:
    """For each of ``rows`` the label of the first exemption in force that names it, else None.

    An expired exemption no longer excuses; nor does one of which it is not known whether it names the row.
    """
    labels: list[str | None] = [None] * rows
    for each in found:
        if each.exemption.in_force(today):
            for at in np.flatnonzero(each.rows.true):
                labels[at] = labels[at] or each.exemption.label
    return labels


def told_by(found: Sequence[Naming], rows: int) -> dict[str, object]:
    """The columns ``named_by`` and ``perhaps_by`` of the verdicts on ``rows`` rows; mostly nothing names any."""
    if not found:
        return dict.fromkeys(("named_by", "perhaps_by"), "")
    return {
        "named_by": _positions([(each.position, each.rows.true) for each in found], rows),
        "perhaps_by": _positions([(each.position, each.rows.unknown) for each in found], rows),
    }


def reach(rulebook: RuleBook, subscriptions: Sequence[Row]) -> tuple[frozenset[str], ...]:
    """For each exemption the ``subscriptions`` (ids in lower case) in which it may name something.

    Of each nothing but its id and name is taken for known: what the exemption asks of a machine there may hold.
    """
    frames = {rule.id: rule.frame for rule in rulebook.rules}
    ids = [str(row["id"]).lower() for row in subscriptions]
    known: dict[str, list[Any]] = {
        "subscription_id": ids,
        "subscription_name": [row.get("name") for row in subscriptions],
    }
    return tuple(
        frozenset(np.array(ids, dtype=object)[_may_name(each, view_of(frames[each.rule], known), frames[each.rule])])
        for each in rulebook.exemptions
    )


def _may_name(exemption: Exemption, view: pd.DataFrame, frame: str) -> Mask:
    if exemption.resource is not None:
        within = exemption.resource.lower() + "/"
        return np.array([within.startswith(f"/subscriptions/{each}/") for each in view["subscription_id"]], dtype=bool)
    return ~_named(exemption, view, frame).false


def _named(exemption: Exemption, view: pd.DataFrame, frame: str) -> Truth:
    if exemption.resource is not None:
        wanted = _bare(exemption.resource)
        matched: Mask = np.zeros(len(view), dtype=bool)
        for name in ("id", "machine_id"):
            if name in view:
                matched |= view[name].str.lower().eq(wanted).to_numpy(dtype=bool)
        return Truth(matched, ~matched)
    if exemption.selector == ALWAYS:
        return Truth.constant(len(view), False)
    return evaluate(exemption.selector, view, frame)


def _named_below(exemption: Exemption, view: pd.DataFrame, frame: str, ids: Sequence[str], *, instances: bool) -> Truth:
    if exemption.resource is None:
        return _named(exemption, view, frame)
    wanted = _bare(exemption.resource)
    # A machine's id names whatever is on it; a scale set's its model, which has verdicts of its own.
    named = np.array([wanted == each.lower() and not instances for each in ids], dtype=bool)
    below = np.array([_lies_below(wanted, each.lower(), instances=instances) for each in ids], dtype=bool)
    return Truth(named, ~(named | below))


def _lies_below(resource: str, above: str, *, instances: bool) -> bool:
    """Azure spells the ids of what is on an instance as if it were a virtual machine of the scale set's group, too."""
    group = above.split("/providers/")[0]
    return resource.startswith(f"{above}/") or (
        instances and resource.startswith(f"{group}/providers/microsoft.compute/virtualmachines/")
    )


def _bare(resource: str) -> str:
    return resource.lower().rstrip("/")


def _positions(masks: Iterable[tuple[int, Mask]], rows: int) -> list[str]:
    """For each row the positions whose mask holds there, with commas between."""
    told: list[list[str]] = [[] for _ in range(rows)]
    for position, mask in masks:
        for at in np.flatnonzero(mask):
            told[at].append(str(position))
    return [",".join(each) for each in told]
