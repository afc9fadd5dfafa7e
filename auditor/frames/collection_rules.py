"""The data collection rules of each machine, and the workspaces that they send to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.frames.cells import Mask, lower, values
from auditor.frames.coverage import Coverage, Subjects
from auditor.model.reading import Source
from auditor.model.scopes import Cut, Subject

NO_RULE = "none"
"""In place of a rule where the association is with an endpoint alone."""


@dataclass(frozen=True)
class CollectionRules:
    """By row of machines: ``ids`` of its rules in lower case, None where they are not (all) known.

    ``workspaces`` are those of each rule that was told, by its id; None where one of them was not.
    """

    ids: pd.Series[Any]
    workspaces: Mapping[str, frozenset[str] | None]

    @classmethod
    def of(
        cls, associations: pd.DataFrame, rules: pd.DataFrame, subjects: Subjects, coverage: Coverage
    ) -> CollectionRules:
        """Of an instance of a uniform scale set they are those of its set."""
        found: dict[str, set[str | None]] = defaultdict(set)
        told = (values(lower(associations[name])) for name in ("machine_id", "rule_id"))
        for holder, rule in zip(*told, strict=True):
            found[holder].add(rule)
        holders = subjects.scope(Cut.MACHINE).mask(subjects.about.eq(Subject.UNIFORM), subjects.scope(Cut.SCALE_SET))
        read = coverage.over((Source.DATA_COLLECTION_RULE_ASSOCIATIONS,), subjects)
        known = [
            _rules(found.get(holder, set())) if complete and holder is not None else None
            for holder, complete in zip(values(holders), read, strict=True)
        ]
        return cls(pd.Series(known, index=subjects.rows.index, dtype="object"), _workspaces(rules))

    @property
    def number(self) -> pd.Series[Any]:
        """How many there are."""
        counts = [None if each is None else len(each) for each in self.ids]
        return pd.Series(counts, index=self.ids.index, dtype="Int64")

    def all_among(self, queried: frozenset[str]) -> Mask:
        """Whose rules all send to ``queried`` workspaces, as far as they send to workspaces, and at least one does."""
        return np.array([each is not None and self._among(each, queried) for each in self.ids], dtype=bool)

    def _among(self, rules: frozenset[str], queried: frozenset[str]) -> bool:
        told = [self.workspaces.get(rule) for rule in rules]
        reached = frozenset[str]().union(*(each for each in told if each is not None))
        return None not in told and bool(reached) and reached <= queried


def _rules(found: set[str | None]) -> frozenset[str] | None:
    return None if None in found else frozenset(each for each in found if each is not None and each != NO_RULE)


def _workspaces(rules: pd.DataFrame) -> dict[str, frozenset[str] | None]:
    told = zip(lower(rules["id"]), values(lower(rules["workspaces"])), strict=True)
    return {
        rule: None if named is None else frozenset() if named == "none" else frozenset(named.split(","))
        for rule, named in told
    }
