"""Whole nights over a simulated Azure: estates made by hand, the run, and what it left behind."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import unescape
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import yaml
from python_calamine import CalamineWorkbook

from auditor.errors import ExitCode
from auditor.model.narration import NO_COUNTS, Counts, Silent
from auditor.model.report import Report
from auditor.model.run import Order
from auditor.model.verdict import Severity
from auditor.nightly import MACHINES_PER_SHARD, night
from auditor.settle import settle
from auditor.simulator import (
    Estate,
    Fault,
    HandMadeEstate,
    MachineSpec,
    PageSizes,
    Simulator,
    SubscriptionSpec,
    WorkspaceSpec,
    azure_monitor_agent,
)

NOW = datetime(2026, 11, 22, 3, 0, 17, tzinfo=UTC)
FIRST = "11111111-1111-4111-a111-111111111111"
SECOND = "22222222-2222-4222-a222-222222222222"
THIRD = "33333333-3333-4333-a333-333333333333"
WORKSPACE = "99999999-9999-4999-a999-999999999999"
STRANGER = "eeeeeeee-eeee-4eee-aeee-eeeeeeeeeeee"
"""A subscription that the identity cannot see."""

LATEST = "1.38.1"
OLD = "1.30.3"
YOUNG = "1.39.0"
"""Newer than all that regions offer unless they are told to; :data:`DATED` tells its age."""
DATED = {"sources": {"release_table": [{"type": "AzureMonitorLinuxAgent", "month": "2026-09", "versions": [YOUNG]}]}}
VERSIONS = (OLD, "1.33.4", "1.35.9", "1.36.1", "1.37.0", "1.38.0", LATEST)
RULES = ("AMA-001", "AMA-002", "AMA-003", "AMA-006", "AMA-007")
"""The rules over extensions that the shipped configuration of these nights can answer."""
ON_MACHINES = ("AMA-004", "AMA-008", "AMA-010", "AMA-011")
"""The rules over machines; without a workspace AMA-008 is not run."""
ON_INSTANCES = "AMA-009"
"""It speaks of instances of uniform scale sets alone."""
ON_AGE = "AMA-005"
"""Over extensions too; the release table leaves open whether the nights' latest version is a year old."""
SHIPPED = tuple(sorted((*RULES, *ON_MACHINES, ON_INSTANCES, ON_AGE)))
ALL = ("html", "xlsx", "json", "csv", "parquet")
"""Every format; a night that is asked for findings.json alone is quicker."""
LETTER = ("letter.html", "letter.txt")
"""What every report holds, whatever formats were asked for."""
TOKEN = {"AUDITOR_ACCESS_TOKEN": "anything"}
ONE_BY_ONE = {"sources": {"inventory": "compute"}}
IN_BULK = {"sources": {"inventory": "auto"}}
"""How machines are read: by Resource Manager alone, or the way that is the default."""
_MONITOR = "Microsoft.Azure.Monitor"

agent = azure_monitor_agent
"""``agent("Linux", "1.38.1")``: the Azure Monitor Agent, automatic upgrade on."""


def offers(linux: tuple[str, ...] = VERSIONS, windows: tuple[str, ...] = VERSIONS) -> dict[str, Any]:
    """What every region offers of the monitor agent."""
    return {"*": {(_MONITOR, "AzureMonitorLinuxAgent"): linux, (_MONITOR, "AzureMonitorWindowsAgent"): windows}}


def machine(name: str, *extensions: Any, **more: Any) -> MachineSpec:
    """A machine with these extensions; with none of them named, with an agent that is as it should be."""
    return MachineSpec(name, extensions=extensions or (agent("Linux", LATEST),), **more)


def bare(name: str, **more: Any) -> MachineSpec:
    """A machine without any extension."""
    return MachineSpec(name, **more)


def subscription(identifier: str, *machines: MachineSpec, name: str = "", **more: Any) -> SubscriptionSpec:
    return SubscriptionSpec(identifier, name or f"Subscription {identifier[0]}", machines=machines, **more)


def estate(*subscriptions: SubscriptionSpec, beats: bool = False, **more: Any) -> HandMadeEstate:
    """These subscriptions; ``beats`` for a workspace, which the written configuration then names."""
    more.setdefault("offers", offers())
    workspaces = (WorkspaceSpec(WORKSPACE),) if beats else ()
    # Heartbeats that are an hour apart tell the same stays, sixty times faster.
    return HandMadeEstate(subscriptions, now=NOW, workspaces=workspaces, heartbeat_every=timedelta(minutes=60), **more)


def refusal(
    code: str = "AuthorizationFailed", message: str = "It is not allowed.", status: int = 403
) -> dict[str, Any]:
    """What makes a Fault answer with an error as Resource Manager writes it."""
    return {"status": status, "body": {"error": {"code": code, "message": message}}}


def machine_id(name: str, subscription_id: str = FIRST) -> str:
    return f"/subscriptions/{subscription_id}/resourcegroups/rg-main/providers/microsoft.compute/virtualmachines/{name}"


@dataclass
class Told(Silent):
    """A narrator that keeps what it was told."""

    stages: list[tuple[str, str]] = field(default_factory=list)
    waits: list[tuple[str, float]] = field(default_factory=list)

    def stage(self, name: str, sentence: str, seconds: float | None = None, counts: Counts = NO_COUNTS) -> None:
        self.stages.append((name, sentence))

    def waiting(self, source: str, seconds: float, reason: str) -> None:
        self.waits.append((source, seconds))


@dataclass
class Pauses:
    """Takes the place of sleeping: a test need not wait for what it only wants to see asked for."""

    asked: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


@dataclass(frozen=True)
class Audited:
    """One night's outcome, read back from its folder as another program would."""

    code: ExitCode
    report: Report
    folder: Path
    told: Told
    pauses: Pauses
    requests: Mapping[str, int]
    """By the simulator's route."""

    @cached_property
    def run(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "run.json").read_bytes()))

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        return list(json.loads((self.folder / "findings.json").read_bytes()))

    @cached_property
    def page(self) -> str:
        return (self.folder / "report.html").read_text("utf-8")

    @cached_property
    def page_text(self) -> str:
        """The page as a person reads it: without markup."""
        return " ".join(unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", self.page, flags=re.DOTALL)).split())

    @cached_property
    def workbook(self) -> CalamineWorkbook:
        return CalamineWorkbook.from_path(self.folder / "report.xlsx")

    def sheet(self, name: str) -> list[list[Any]]:
        return self.workbook.get_sheet_by_name(name).to_python()

    def table(self, name: str) -> list[tuple[Any, ...]]:
        return list(self.report.tables[name].rows())

    def verdicts(self, rule: str | None = None) -> list[tuple[str, str, str]]:
        """(machine, verdict, reason code) of each finding, of ``rule`` alone where it is named."""
        found = (each for each in self.findings if rule in (None, each["rule_id"]))
        return [(each["machine_name"], each["status"], each["reason_code"]) for each in found]

    def statuses(self, rule: str) -> Counter[str]:
        return Counter(status for _machine, status, _code in self.verdicts(rule))

    def gaps(self, source: str | None = None) -> list[dict[str, Any]]:
        return [gap for gap in self.run["gaps"] if source in (None, gap["source"])]

    def gap(self, source: str, scope: str) -> dict[str, Any]:
        """The one gap of ``source`` over ``scope``."""
        [found] = [gap for gap in self.gaps(source) if gap["scope"].lower() == scope.lower()]
        return found


def open_bench(folder: Path, opened: ExitStack) -> Bench:
    """A bench whose simulated Azures serve until ``opened`` is closed."""
    return Bench(folder, opened.enter_context, count(1))


@dataclass
class Bench:
    """Starts simulated Azures, and audits them."""

    folder: Path
    opened: Callable[[Simulator], Simulator]
    nights: Iterator[int]

    def simulate(self, of: Estate, *faults: Fault, **more: Any) -> Simulator:
        return self.opened(Simulator(of, weather=faults, **more))

    def config(self, azure: Simulator, changes: Mapping[str, Any] | None = None) -> Path:
        """The configuration that the simulator writes, with ``changes`` laid over it.

        Machines are read one by one, unless the changes say otherwise: most tests are about what one machine answers.
        Without a workspace the rule that needs one is off, unless the changes name ``rules`` and none of them.
        """
        path = azure.write_config(self.folder / "config.yaml")
        told = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        shipped = (changes or {}).get("rules") != {}
        unheard = {"rules": {"AMA-008": {"enabled": False}}} if shipped and "sources" not in told else {}
        written = _laid_over(_laid_over(_laid_over(told, ONE_BY_ONE), unheard), changes or {})
        path.write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    def audit(
        self,
        of: Estate | Simulator,
        *faults: Fault,
        config: Mapping[str, Any] | None = None,
        pages: PageSizes | None = None,
        **wanted: Any,
    ) -> Audited:
        """One night over ``of`` in the weather that ``faults`` make; ``wanted`` as in :meth:`night`."""
        azure = of if isinstance(of, Simulator) else self.simulate(of, *faults, pages=pages)
        return self.night(self.config(azure, config), azure, **wanted)

    def night(
        self,
        config: Path,
        azure: Simulator,
        *,
        as_of: datetime = NOW,
        fixed_clock: bool = True,
        fail_on: Severity | None = None,
        formats: tuple[str, ...] = ("json",),
        token: str = TOKEN["AUDITOR_ACCESS_TOKEN"],
        machines_per_shard: int = MACHINES_PER_SHARD,
        threads: int = 32,
        stopwatch: Callable[[], float] = monotonic,
        **settled: Any,
    ) -> Audited:
        """One night by the clock ``as_of``, which stands still, or by this machine's since then.

        ``settled`` are what ``settle`` takes besides.
        """
        asked = settle(config, environ={"AUDITOR_ACCESS_TOKEN": token}, **settled)
        output = self.folder / f"report-{next(self.nights)}"
        order = Order(asked.settings, asked.rulebook, asked.config_hash, output, formats, as_of, fixed_clock, fail_on)
        order = replace(order, narrowed=bool(settled.get("subscriptions")))
        told, pauses = Told(), Pauses()
        how: dict[str, Any] = {"machines_per_shard": machines_per_shard, "threads": threads, "stopwatch": stopwatch}
        result = night(order, told, pause=pauses, **how)
        return Audited(result.exit_code, result.report, result.folder, told, pauses, azure.requests.snapshot())


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _laid_over(merged[key], value)
        else:
            merged[key] = value
    return merged
