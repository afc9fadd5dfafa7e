"""Risks that somebody accepted: which rows they excuse tonight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from auditor.judge.conditions import Mask, evaluate
from auditor.model.rule import ALWAYS, Exemption


def excuse(exemptions: Sequence[Exemption], rule: str, view: pd.DataFrame, frame: str, today: date) -> list[str | None]:
    """For each row of ``view`` the label of the first exemption that matches it, else None.

    An expired exemption no longer excuses; one whose selector is unknown for a row does not match it.
    """
    labels: list[str | None] = [None] * len(view)
    for exemption in exemptions:
        if exemption.rule == rule and exemption.expires >= today:
            for at in np.flatnonzero(_matches(exemption, view, frame)):
                labels[at] = labels[at] or exemption.label
    return labels


def _matches(exemption: Exemption, view: pd.DataFrame, frame: str) -> Mask:
    if exemption.resource is not None:
        wanted = exemption.resource.lower().rstrip("/")
        matched: Mask = np.zeros(len(view), dtype=bool)
        for name in ("id", "machine_id"):
            if name in view:
                matched |= view[name].str.lower().eq(wanted).to_numpy(dtype=bool)
        return matched
    if exemption.selector == ALWAYS:
        return np.zeros(len(view), dtype=bool)
    return evaluate(exemption.selector, view, frame).true
