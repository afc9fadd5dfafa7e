"""What could not be read still has its verdicts: one on each machine, or scale set, of whose contents nobody knows.

Unanswered, unless a standing reason surely holds of whatever is there; none where the rule surely leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from auditor.judge.conditions import evaluate
from auditor.judge.exemptions import naming_unread, told_by
from auditor.judge.verdicts import verdict_frame
from auditor.model.dataset import EXTENSIONS, MACHINES, machine_column_in_extensions
from auditor.model.rule import AllOf, Clause, Exemption, Rule
from auditor.model.verdict import EXTENSIONS_NOT_READ, INSTANCES_NOT_READ, Status

_OF_ITS_SCALE_SET = ("subscription_id", "subscription_name", "resource_group", "location", "os", "managed_by")
"""What an instance of a uniform scale set has in common with it; its tags may be its own."""


def unread(
    rule: Rule, standing: Sequence[Clause], frames: dict[str, pd.DataFrame], exemptions: Sequence[Exemption] = ()
) -> list[pd.DataFrame]:
    """The verdicts of ``rule`` on machines whose extensions, and on scale sets whose instances, were not read.

    A rule over machines says of an unread machine what it can say of it anyway. Exemptions excuse nothing here, but
    what they name may be among what was not read.
    """
    scale_sets = frames["scale_sets"]
    # Instances of a flexible scale set (none) are virtual machines, and stand in their list.
    holders = scale_sets[~scale_sets["instances_read"].isin(["yes", "none"])]
    silent = []
    if rule.frame == "extensions":
        machines = frames["machines"]
        silent.append((machines[machines["extensions_read"].ne("yes")], EXTENSIONS_NOT_READ))
    if len(holders):
        silent.append((_instances_of(holders), INSTANCES_NOT_READ))
    return [_verdicts(rule, standing, rows, code, exemptions) for rows, code in silent if len(rows)]


def _verdicts(
    rule: Rule, standing: Sequence[Clause], machines: pd.DataFrame, code: str, exemptions: Sequence[Exemption]
) -> pd.DataFrame:
    """One verdict on each of ``machines``, with ``code`` where it is unanswered."""
    view = _as_extension_view(machines) if rule.frame == "extensions" else machines
    spoken = evaluate(AllOf((rule.only, rule.applies_to)), view, rule.frame)
    clause = np.full(len(view), -1, dtype=np.int64)
    for at, reason in reversed(list(enumerate(standing))):
        clause[evaluate(reason.when, view, rule.frame).true] = at
    kept = np.flatnonzero(~spoken.false)
    ids = machines["id"].iloc[kept].reset_index(drop=True)
    instances = code == INSTANCES_NOT_READ
    found = naming_unread(exemptions, rule.id, view.iloc[kept], rule.frame, ids.tolist(), instances=instances)
    return verdict_frame(
        {
            "rule_id": rule.id,
            "status": [Status.UNANSWERED if at < 0 else Status.NOT_APPLICABLE for at in clause[kept]],
            "reason_code": [code if at < 0 else standing[at].code for at in clause[kept]],
            "clause": clause[kept],
            "missing": "",
            "exemption": None,
            **told_by(found, len(kept)),
            "resource_id": ids,
            "machine_id": ids,
            "row": -1,
        }
    )


def _as_extension_view(machines: pd.DataFrame) -> pd.DataFrame:
    """A machine as an extension rule would see it: what would be its extension's own is missing."""
    seen = machines.rename(columns=machine_column_in_extensions)
    own: dict[str, Any] = {stored: None for column in EXTENSIONS for stored in column.stored()}
    return seen.assign(**{**own, "machine_id": machines["id"], "on": "machine"})


def _instances_of(scale_sets: pd.DataFrame) -> pd.DataFrame:
    """Each scale set as one of its instances would be seen; ``id`` is the scale set's."""
    known = scale_sets[["id", *_OF_ITS_SCALE_SET]].assign(kind="scale_set_instance", scale_set_id=scale_sets["id"])
    return known.reindex(columns=[stored for column in MACHINES for stored in column.stored()])
