"""A small estate of every kind, as frames and verdicts reach compose; nothing here is derived or judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.compose import Composer, Ledger
from auditor.frames.build import DTYPES
from auditor.judge.verdicts import VERDICT_COLUMNS
from auditor.model.dataset import FRAMES, VIEWS
from auditor.model.narration import Silent
from auditor.model.parcel import Confirmation
from auditor.model.reading import Reading, Service, Source, Traffic, version_scope
from auditor.model.report import Finding, Report
from auditor.model.rule import AllOf, Clause, Comparison, Exemption, Operator, Rule, RuleBook
from auditor.model.run import Order, RunFacts, Watch
from auditor.model.settings import Settings
from auditor.model.verdict import Severity, Status

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SHOP, PLANT, EMPTY, REFUSED, DISABLED, MISSING = (f"{digit * 8}-1111-4111-a111-111111111111" for digit in "123456")
NAMES = {SHOP: "Shop", PLANT: "Plant", EMPTY: "Empty", REFUSED: "Refused", DISABLED: "Disabled"}
WORKSPACE = "99999999-9999-4999-a999-999999999999"
PUBLISHER, LINUX = "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"

COMPUTE = f"/subscriptions/{SHOP}/resourceGroups/RG-Web/providers/Microsoft.Compute"
VM = f"{COMPUTE}/virtualMachines/web-1"
UNREAD_VM = f"{COMPUTE}/virtualMachines/web-2"
BARE_VM = f"{COMPUTE}/virtualMachines/web-3"
NODE = f"{COMPUTE}/virtualMachines/aks-node-0"
SCALE_SET = f"{COMPUTE}/virtualMachineScaleSets/pool"
UNREAD_SET = f"{COMPUTE}/virtualMachineScaleSets/dark"
INSTANCE = f"{SCALE_SET}/virtualMachines/0"
ARC = f"/subscriptions/{PLANT}/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines"
SERVER, AWAY, EXPIRED = f"{ARC}/plant-1", f"{ARC}/plant-2", f"{ARC}/plant-3"

Row = dict[str, Any]


def agent_of(machine: str) -> str:
    return f"{machine}/extensions/AMA"


def machine(identifier: str, **changes: Any) -> Row:
    arc = "/Microsoft.HybridCompute/" in identifier
    subscription = PLANT if arc else SHOP
    row = {
        "id": identifier,
        "kind": "arc" if arc else "vm",
        "name": identifier.rsplit("/", 1)[-1],
        "subscription_id": subscription,
        "subscription_name": NAMES[subscription],
        "resource_group": "rg-plant" if arc else "RG-Web",
        "location": "japaneast",
        "os": "linux",
        "availability": "running",
        "power_state": "Connected" if arc else "VM running",
        "tags": '{"Owner": "web-team"}',
        "scale_set_id": "none",
        "follows_model": "none",
        "managed_by": "none",
        "extensions_read": "yes",
        "monitor_agents": 1,
        "orphaned_failure": "none",
    }
    return row | changes


def agent(on: Mapping[str, Any], **changes: Any) -> Row:
    """The agent on a machine, or in the model of a scale set, as a rule sees it."""
    identifier = str(on["id"])
    of_machine = {f"machine_{name}" if name in ("name", "created_at") else name: value for name, value in on.items()}
    own = {
        "id": agent_of(identifier),
        "machine_id": identifier,
        "on": "model" if on["kind"] == "scale_set" else "machine",
        "publisher": PUBLISHER,
        "type": LINUX,
        "name": "AMA",
        "auto_upgrade": "enabled",
        "auto_upgrade_minor": True,
        "requested_version": "1.0",
        "installed_version": "1.37.0",
        "installed_version_source": "arc" if on["kind"] == "arc" else "heartbeats",
        "installed_version_at": NOW - timedelta(minutes=3),
        "provisioning_state": "Succeeded",
        "latest_version": "1.38.1",
        "releases_behind": 1,
        "last_failure": "none",
        "unfinished_operation": "none",
    }
    return {**of_machine, **own} | changes


def scale_set(identifier: str = SCALE_SET, **changes: Any) -> Row:
    row = {
        "id": identifier,
        "name": identifier.rsplit("/", 1)[-1],
        "subscription_id": SHOP,
        "subscription_name": NAMES[SHOP],
        "resource_group": "RG-Web",
        "location": "japaneast",
        "os": "linux",
        "tags": "{}",
        "managed_by": "none",
        "orchestration_mode": "uniform",
        "upgrade_mode": "manual",
        "capacity": 3,
        "instances_read": "yes",
    }
    return row | changes


def model_agent(on: Mapping[str, Any] | None = None, **changes: Any) -> Row:
    seen = {**(on or scale_set()), "kind": "scale_set"}
    nothing = dict.fromkeys(("installed_version", "installed_version_source", "installed_version_at", "latest_version"))
    return agent(seen, releases_behind=None, **nothing) | changes


def operation(machine_id: str, **changes: Any) -> Row:
    """A failed write on the machine's agent, two days ago."""
    started = NOW - timedelta(days=2)
    row = {
        "id": f"op-{machine_id}",
        "subscription_id": machine_id.split("/")[2],
        "machine_id": machine_id,
        "extension_id": agent_of(machine_id),
        "action": "write",
        "started": started,
        "ended": started + timedelta(minutes=6),
        "outcome": "failed",
        "initiator": "policy",
        "caller": "Azure Policy",
        "error_code": "VMExtensionProvisioningError",
        "error_message": "enable failed",
    }
    return row | changes


def reading(source: Source, scope: str, by: Service = Service.RESOURCE_MANAGER, **changes: Any) -> Reading:
    return replace(Reading(source, scope, True, 1, NOW, status=200, by=by), **changes)


def refused(source: Source, scope: str, status: int = 403) -> Reading:
    return reading(
        source, scope, complete=False, rows=0, status=status, reason="not allowed.", close=f"Grant it on {scope}."
    )


def verdict(rule: str, status: Status, row: int, resource: str, machine_id: str, **changes: Any) -> Row:
    told = {
        "rule_id": rule,
        "status": str(status),
        "reason_code": "as_expected" if status is Status.PASS else "not_known",
        "clause": -1,
        "missing": "",
        "exemption": None,
        "resource_id": resource,
        "machine_id": machine_id,
        "row": row,
    }
    return told | changes


@dataclass
class Shard:
    """Rows by frame; verdicts are told with the rows that they are on."""

    machines: list[Row] = field(default_factory=list)
    scale_sets: list[Row] = field(default_factory=list)
    extensions: list[Row] = field(default_factory=list)
    operations: list[Row] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)

    def judge(self, rule: str, status: Status, resource: str, **changes: Any) -> None:
        """A verdict on the extension, the machine, or the scale set of which nothing more is known."""
        rows = self.machines if rule == "AMA-004" else self.extensions
        at = next((index for index, row in enumerate(rows) if row["id"] == resource), -1)
        machine_id = resource if at < 0 or rule == "AMA-004" else rows[at]["machine_id"]
        self.verdicts.append(verdict(rule, status, at, resource, machine_id, **changes))

    def frames(self, survey: Sequence[Reading]) -> dict[str, pd.DataFrame]:
        rows: dict[str, Iterable[Row]] = {
            "machines": self.machines,
            "scale_sets": self.scale_sets,
            "extensions": self.extensions,
            "operations": self.operations,
            "readings": [each.as_row() for each in (*survey, *self.readings)],
        }
        declared = {**FRAMES, **VIEWS}
        made = {name: framed(declared[name], list(rows.get(name, ()))) for name in FRAMES}
        verdicts = pd.DataFrame(self.verdicts, columns=list(VERDICT_COLUMNS)).astype(VERDICT_COLUMNS)
        return {**made, "verdicts": verdicts}


def framed(declared: Any, rows: list[Row]) -> pd.DataFrame:
    columns = {
        stored: pd.Series([row.get(stored) for row in rows], dtype=DTYPES[column.kind])
        for column in declared
        for stored in column.stored()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def clause(code: str, text: str, fix: str | None = None) -> Clause:
    return Clause(code, AllOf(()), {"en": text}, fix)


def rule(identifier: str, column: str, frame: str = "extensions", **changes: Any) -> Rule:
    """A rule that names one column, with a reason of each kind."""
    made = Rule(
        identifier,
        {"en": f"Title of {identifier}"},
        Severity.HIGH,
        frame,
        {"en": "Because."},
        Comparison(column, Operator.EQUALS, "x"),
        (clause("bad", f"It is {{{column}}}.", "enable_automatic_upgrade"),),
        not_applicable=(clause("stopped", "It stands still ({power_state})."),),
        pending=(clause("soon", "On its way."),),
    )
    return replace(made, **changes)


STANDING = (
    Clause("managed", Comparison("managed_by", Operator.NOT, "none"), {"en": "Managed by {managed_by}."}),
    Clause(
        "expired",
        AllOf((Comparison("kind", Operator.EQUALS, "arc"), Comparison("availability", Operator.EQUALS, "expired"))),
        {"en": "Expired on {status_changed_at}."},
    ),
)
RULES = (
    rule("AMA-001", "auto_upgrade"),
    rule("AMA-002", "releases_behind", severity=Severity.MEDIUM),
    rule("AMA-003", "last_failure"),
    rule("AMA-004", "monitor_agents", "machines", reasons=(clause("not_installed", "No agent.", "install_agent"),)),
)
BOOK = RuleBook(RULES, STANDING)


def survey() -> list[Reading]:
    """What spans the estate: five subscriptions that are seen, one of them refusing, one disabled; one is missing."""
    graph = Service.RESOURCE_GRAPH
    told = [reading(Source.SUBSCRIPTIONS, "tenant", rows=5)]
    told += [reading(Source.SUBSCRIPTIONS, each) for each in (SHOP, PLANT, EMPTY, REFUSED)]
    told += [refused(Source.SUBSCRIPTIONS, each, 0) for each in (DISABLED, MISSING)]
    for source in (Source.VIRTUAL_MACHINES, Source.SCALE_SETS, Source.ARC_MACHINES):
        told += [reading(source, each, graph) for each in (SHOP, PLANT, EMPTY)]
        told.append(refused(source, REFUSED))
    for source in (Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS):
        told.append(reading(source, version_scope("japaneast", PUBLISHER, LINUX)))
    told.append(reading(Source.HEARTBEATS, WORKSPACE, Service.LOG_ANALYTICS))
    return told


def shop() -> Shard:
    """Virtual machines and scale sets: read, unread, without an agent, managed; a model beside its instance."""
    graph, sets = Service.RESOURCE_GRAPH, [scale_set(), scale_set(UNREAD_SET, instances_read="no")]
    instance = machine(INSTANCE, kind="scale_set_instance", name="pool_0", scale_set_id=SCALE_SET, follows_model="no")
    machines = [
        machine(VM, last_heartbeat=NOW),
        instance,
        machine(NODE, managed_by="AKS"),
        machine(UNREAD_VM, extensions_read="no", monitor_agents=None, availability=None, power_state=None),
        machine(BARE_VM, monitor_agents=0, orphaned_failure="AMA, 2026-11-20: enable failed"),
    ]
    failed = {"last_failure": "rolled_back", "last_failure_at": NOW - timedelta(days=2), "last_failure_error": "E: x"}
    extensions = [
        agent(machines[0], auto_upgrade="disabled", **failed),
        agent(instance, installed_version_source="instance_view"),
        agent(machines[2]),
        model_agent(last_failure="unresolved"),
    ]
    readings = [
        reading(Source.EXTENSIONS, SHOP, graph, read_at=NOW + timedelta(seconds=1)),
        reading(Source.SCALE_SET_INSTANCES, SCALE_SET.lower(), read_at=NOW + timedelta(seconds=2)),
        refused(Source.SCALE_SET_INSTANCES, UNREAD_SET.lower()),
        refused(Source.INSTANCE_VIEW, UNREAD_VM.lower(), 500),
        reading(Source.ACTIVITY_LOG, SHOP, read_at=NOW + timedelta(seconds=3)),
    ]
    operations = [
        operation(VM),
        operation(SCALE_SET, extension_id=None, action="scale_set_write", initiator="person", caller="ann@contoso.com"),
        operation(BARE_VM),
    ]
    shard = Shard(machines, sets, extensions, operations, readings)
    shard.judge("AMA-001", Status.FAIL, agent_of(VM), reason_code="bad", clause=0)
    shard.judge("AMA-001", Status.PASS, agent_of(INSTANCE))
    shard.judge("AMA-001", Status.NOT_APPLICABLE, agent_of(NODE), reason_code="managed", clause=0)
    shard.judge("AMA-001", Status.PASS, agent_of(SCALE_SET))
    for rule_id in ("AMA-001", "AMA-003"):
        shard.judge(rule_id, Status.UNANSWERED, UNREAD_VM, reason_code="extensions_not_read")
    for rule_id in ("AMA-001", "AMA-004"):
        shard.judge(rule_id, Status.UNANSWERED, UNREAD_SET, reason_code="instances_not_read")
    shard.judge("AMA-003", Status.FAIL, agent_of(VM), reason_code="bad", clause=0)
    shard.judge("AMA-003", Status.FAIL, agent_of(SCALE_SET), reason_code="bad", clause=0)
    shard.judge("AMA-004", Status.FAIL, BARE_VM, reason_code="not_installed", clause=0)
    shard.judge("AMA-004", Status.PASS, VM)
    return shard


def plant() -> Shard:
    """Arc-enabled servers: connected, disconnected for long, expired."""
    changed = NOW - timedelta(days=9)
    machines = [
        machine(SERVER, last_heartbeat=NOW),
        machine(AWAY, availability="disconnected", power_state="Disconnected", status_changed_at=changed),
        machine(EXPIRED, availability="expired", power_state="Expired", status_changed_at=changed),
    ]
    away = {"installed_version": None, "installed_version_source": None, "installed_version_at": None}
    extensions = [
        agent(machines[0]),
        agent(machines[1], latest_version=None, releases_behind=None, last_known_version="1.30.0", **away),
        agent(machines[2]),
    ]
    readings = [
        reading(Source.ARC_EXTENSIONS, PLANT, Service.RESOURCE_GRAPH),
        reading(Source.ARC_ACTIVITY_LOG, PLANT),
    ]
    upgrade = operation(
        SERVER, extension_id=None, action="upgrade", initiator="platform", caller="Azure Regional Service Manager"
    )
    shard = Shard(machines, [], extensions, [upgrade], readings)
    shard.judge("AMA-002", Status.UNANSWERED, agent_of(AWAY), missing="releases_behind")
    shard.judge("AMA-002", Status.NOT_APPLICABLE, agent_of(EXPIRED), reason_code="expired", clause=1)
    shard.judge("AMA-003", Status.PASS, agent_of(SERVER))
    return shard


def whole() -> Shard:
    """The same small estate in one shard."""
    one, other = shop(), plant()
    offsets = {"AMA-004": len(one.machines)}
    for each in other.verdicts:
        each["row"] += offsets.get(each["rule_id"], len(one.extensions))
    for name in Shard.__dataclass_fields__:
        getattr(one, name).extend(getattr(other, name))
    return one


def subscription(identifier: str, **changes: Any) -> Row:
    row = {
        "id": identifier,
        "name": NAMES[identifier],
        "state": "Enabled",
        "management_group": "none",
        "delegated": "no",
    }
    return row | changes


def subscriptions() -> tuple[Row, ...]:
    told = {PLANT: {"management_group": "Factories < Root", "delegated": "yes"}, DISABLED: {"state": "Disabled"}}
    return tuple(subscription(each, **told.get(each, {})) for each in NAMES)


NOT_CONFIRMED = Confirmation()


def composer(
    *shards: Shard,
    settings: Settings | None = None,
    book: RuleBook = BOOK,
    confirmed: Confirmation = NOT_CONFIRMED,
    **facts_of_run: Any,
) -> Composer:
    """A night over the shards, in their order; the whole small estate where none is named."""
    spanning = survey()
    frames = [shard.frames(spanning) for shard in shards or (shop(), plant())]
    ledger = Ledger([lambda each=each: each for each in frames], tuple(spanning), subscriptions())
    chosen = settings or Settings.model_validate({"scope": {"expected_subscriptions": (SHOP, MISSING)}})
    order = Order(chosen, book, "0" * 64, Path("out"), (), NOW, fixed_clock=True)
    traffic = {source: Traffic(1) for source in Source}
    facts = RunFacts(
        "tool", Watch(Silent(), NOW), traffic, {"object_id": None}, "https://portal.azure.com", {}, confirmed
    )
    return Composer(ledger, order, replace(facts, **facts_of_run))


def report_of(*shards: Shard, **changes: Any) -> Report:
    return composer(*shards, **changes).report()


def findings(*shards: Shard, **changes: Any) -> list[Finding]:
    return findings_of(report_of(*shards, **changes))


def findings_of(report: Report) -> list[Finding]:
    return [each for portion in report.verdicts() for each in portion.findings]


EXEMPTION = Exemption("AMA-001", "ann", "vendor", "CHG-1", NOW.date())
