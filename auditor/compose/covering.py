"""For how many machines each source gave an answer: the denominator of the coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from auditor.compose.answers import Answer, Answers
from auditor.compose.counted import Covered
from auditor.compose.rows import Rows, View, python
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import Kind
from auditor.model.reading import Source
from auditor.model.scopes import LIES_OVER

_OFFERS: tuple[Source, ...] = (Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS)
_OF_EVERY_MACHINE: tuple[Source, ...] = tuple(
    source for source in LIES_OVER if source not in (Source.SUBSCRIPTIONS, Source.SCALE_SETS, *_OFFERS)
)


def covered(frames: Mapping[str, pd.DataFrame], answers: Answers) -> Counter[Covered]:
    """One shard's machines by kind, source and whether the source answered for them.

    A scale set's list concerns its instances, regional versions the machines that have an agent, heartbeats all.
    """
    machines, found = frames["machines"], Counter[Covered]()
    rows = View(machines, "machines").rows()
    for each in _OF_EVERY_MACHINE:
        found.update(_by(each, rows, answers))
    instances = machines["kind"].eq("scale_set_instance").to_numpy(bool)
    found.update(_by(Source.SCALE_SETS, rows.some(np.flatnonzero(instances)), answers))
    found.update(_heard(rows, answers))
    agents = _agents(frames["extensions"])
    for each in _OFFERS:
        found.update(_by(each, agents, answers))
    return found


def _by(source: Source, rows: Rows, answers: Answers) -> Iterator[Covered]:
    subjects, _cuts = LIES_OVER[source]
    told = zip(rows.values("kind"), rows.subjects, answers.over(source, rows), strict=True)
    return (Covered(kind, source, _state(answer)) for kind, subject, answer in told if subject in subjects)


def _heard(rows: Rows, answers: Answers) -> Iterator[Covered]:
    """A machine has an answer where its agent was heard of in a queried workspace."""
    asked = any(source == Source.HEARTBEATS for source, _scope in answers.readings)
    silent = "unanswered" if asked else "not_asked"
    told = zip(rows.values("kind"), rows.values("last_heartbeat"), strict=True)
    return (Covered(kind, Source.HEARTBEATS, "answered" if beat else silent) for kind, beat in told)


def _agents(view: pd.DataFrame) -> Rows:
    """One agent of each machine that has any."""
    pairs = zip(python(view["publisher"], Kind.TEXT), python(view["type"], Kind.TEXT), strict=True)
    agents = np.array([is_monitor_agent(*pair) for pair in pairs], dtype=bool)
    on_machines = agents & view["on"].eq("machine").to_numpy(bool)
    first = ~view["machine_id"].where(on_machines).duplicated().to_numpy(bool)
    return View(view, "extensions").rows(np.flatnonzero(on_machines & first))


def _state(answer: Answer | None) -> str:
    if answer is None:
        return "not_asked"
    return "unanswered" if answer.gap else "answered"
