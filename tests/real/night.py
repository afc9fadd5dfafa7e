"""A night over the replayed answers: the real session, the real sources, the real frames and the shipped rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
from pydantic import SecretStr

from auditor import collect, frames, judge
from auditor.cloud import Cloud
from auditor.collect.session import Session
from auditor.frames.derive import Context
from auditor.model.asked import configured_sources
from auditor.model.memory import EMPTY
from auditor.model.narration import Silent
from auditor.model.parcel import ShardScope, Survey
from auditor.model.reading import Harvest, Reading, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Azure, Endpoints, Scope, Settings, Sources
from auditor.settle import settle
from tests.real.replay import Answer, Replay

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""The subscription that most recordings name, its real id being masked."""
AS_OF = datetime(2024, 8, 27, tzinfo=UTC)
SPANNING = ("subscriptions", "resource_groups", "versions", "heartbeats")
"""The frames that the survey alone fills."""


@lru_cache(maxsize=1)
def shipped() -> RuleBook:
    """The shipped rules, but for those that look at associations with data collection rules: none was recorded."""
    book = settle(None, environ={}).rulebook
    return replace(book, rules=tuple(rule for rule in book.rules if "data_collection_rules" not in rule.columns()))


def azure(replay: Replay) -> Azure:
    """The way to the replaying server, with a token that means nothing."""
    place = Endpoints(resource_manager=replay.origin, log_analytics=replay.origin, authority=replay.origin)
    return Azure.model_validate(
        {
            "cloud": "custom",
            "endpoints": place,
            "ca_bundle": replay.authority,
            "credential": "token",
            "token": SecretStr("none"),
        },
        strict=False,
    )


def _at_once(_seconds: float) -> None:
    """No test waits."""


def open_session(replay: Replay, at: datetime = AS_OF, pause: Callable[[float], None] = _at_once) -> Session:
    """A session whose clock stands still; ``pause`` takes the place of waiting."""
    return Session(Cloud(azure(replay)), Silent(), clock=lambda: at, pause=pause)


@dataclass(frozen=True)
class Night:
    survey: Survey
    harvest: Harvest
    frames: Mapping[str, pd.DataFrame]
    verdicts: pd.DataFrame

    @property
    def readings(self) -> list[Reading]:
        return [*self.survey.readings, *self.harvest.readings]

    def reading(self, source: Source, scope: str | None = None) -> Reading:
        """The one reading of a source (and scope)."""
        found = [
            each
            for each in self.readings
            if each.source is source and (scope is None or each.scope.lower() == scope.lower())
        ]
        assert len(found) == 1, found
        return found[0]

    def rows(self, frame: str, *columns: str, machine: str | None = None) -> list[tuple[Any, ...]]:
        """The values of ``columns`` in each row of ``frame`` (of one machine, by its id); missing is None."""
        chosen = self.frames[frame]
        if machine is not None:
            chosen = chosen[chosen["id" if frame == "machines" else "machine_id"] == machine]
        chosen = chosen[list(columns)]
        return [tuple(_plain(value) for value in row) for row in chosen.itertuples(index=False)]

    def judged(self, machine: str | None = None) -> dict[str, list[tuple[str, str]]]:
        """Status and reason code of each verdict (on one machine, by its id), by rule, in the order of the rows."""
        found: dict[str, list[tuple[str, str]]] = {}
        columns = ["rule_id", "status", "reason_code", "machine_id"]
        for rule, status, code, on in self.verdicts[columns].itertuples(index=False):
            if machine in (None, on):
                found.setdefault(rule, []).append((str(status), code))
        return found


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else getattr(value, "item", lambda: value)()


def spend(
    replay: Replay,
    *,
    at: datetime = AS_OF,
    scope: Scope | None = None,
    sources: Sources | None = None,
    pause: Callable[[float], None] = _at_once,
) -> Night:
    """Survey and collect what is replayed, in one shard, then derive and judge.

    Without ``sources`` the lists of Resource Manager are read, of which there are recordings of whole estates.
    """
    settings = Settings(azure=azure(replay), scope=scope or Scope(), sources=sources or Sources(inventory="compute"))
    book = shipped()
    survey, harvest = gather(replay, settings, at, pause)
    spanning = {name: survey.rows.get(name, []) for name in SPANNING}
    built = frames.build({**spanning, **harvest.rows}, [*survey.readings, *harvest.readings])
    rollout = {"vm": settings.sources.rollout.vm, "arc": settings.sources.rollout.arc}
    derived = frames.derive(built, Context(book.releases, EMPTY, rollout, at))
    return Night(survey, harvest, derived, judge.judge(book, derived, configured_sources(settings), at))


def gather(
    replay: Replay, settings: Settings | None = None, at: datetime = AS_OF, pause: Callable[[float], None] = _at_once
) -> tuple[Survey, Harvest]:
    """Survey and collect alone."""
    chosen = settings or Settings(azure=azure(replay), sources=Sources(inventory="compute"))
    session = open_session(replay, at, pause)
    try:
        survey = collect.survey(session, chosen, shipped(), at)
        scope = ShardScope("shard-00000", survey.readable)
        return survey, collect.collect(session, scope, survey, chosen, shipped(), at)
    finally:
        session.close()


def give_subscription(replay: Replay, subscription: str = SUBSCRIPTION, name: str = "recorded") -> None:
    """One subscription that can be read, with nothing in it and an activity log without events."""
    entry = {"subscriptionId": subscription, "displayName": name, "state": "Enabled"}
    replay.give("/subscriptions", Answer.json({"value": [entry]}))
    give_nothing(replay, subscription)


def give_nothing(replay: Replay, subscription: str) -> None:
    """The lists of a subscription without anything in it, all of which the identity may read."""
    nothing = Answer.json({"value": []})
    for path in (list_path, sets_path, servers_path, groups_path, activity_path):
        replay.give(path(subscription), nothing)
    may = {"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []}
    replay.give(permissions_path(subscription), Answer.json({"value": [may]}))


def give_machines(replay: Replay, machines: Iterable[tuple[Mapping[str, Any], Answer]], subscription: str) -> None:
    """The subscription's list, and each machine's own answer."""
    found = list(machines)
    replay.give(list_path(subscription), Answer.json({"value": [entry for entry, _answer in found]}))
    for entry, answer in found:
        replay.give(entry["id"], answer)


def give_versions(replay: Replay, location: str, answer: Answer, subscription: str = SUBSCRIPTION) -> None:
    """The same list for the agent on Windows and on Linux."""
    for kind in ("AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent"):
        replay.give(versions_path(location, kind, subscription), answer)


def list_path(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachines"


def sets_path(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachineScaleSets"


def servers_path(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.HybridCompute/machines"


def groups_path(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/resourcegroups"


def permissions_path(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"


def activity_path(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"


def versions_path(location: str, kind: str, subscription: str = SUBSCRIPTION) -> str:
    return (
        f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
        f"/publishers/Microsoft.Azure.Monitor/artifacttypes/vmextension/types/{kind}/versions"
    )
