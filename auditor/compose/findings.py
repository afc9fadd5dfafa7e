"""Verdicts become findings: the sentence, the evidence with its source and time, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson
import pandas as pd

from auditor.compose.ledger import Frames, Ledger
from auditor.compose.wording import Wording, iso, plain
from auditor.model.dataset import Column, Kind, rule_column
from auditor.model.reading import Source
from auditor.model.report import Evidence, Finding
from auditor.model.rule import Clause, Rule
from auditor.model.verdict import EXTENSIONS_NOT_READ, Status

_ALREADY_TOLD = frozenset({"publisher", "type", "on", "name"})
"""Columns that a finding shows by itself; they are no evidence for a verdict."""


@dataclass(frozen=True)
class Bench:
    """What every finding is made with: rules by id, words, and the portal's base address."""

    rules: Mapping[str, Rule]
    wording: Wording
    portal: str


def findings_of(ledger: Ledger, bench: Bench) -> Iterator[Finding]:
    """Every verdict, gravest first: by verdict, severity, rule, then subscription, machine and resource.

    The order does not depend on how the estate was cut into shards.
    """
    present = sorted(
        ledger.counts,
        key=lambda key: (list(Status).index(key[1]), bench.rules[key[0]].severity.rank, key[0]),
    )
    for rule_id, status in present:
        for load in ledger.shards:
            yield from _of_shard(load(), bench.rules[rule_id], status, bench)


def _of_shard(frames: Frames, rule: Rule, status: Status, bench: Bench) -> Iterator[Finding]:
    verdicts = frames["verdicts"]
    wanted = verdicts[verdicts["rule_id"].eq(rule.id) & verdicts["status"].eq(status)]
    if wanted.empty:
        return
    view = frames[rule.frame]
    rows = wanted["row"].astype(int).to_numpy()
    shown = view.iloc[rows[rows >= 0]].to_dict("records")
    machines = _records(frames["machines"], wanted[rows < 0]["machine_id"])
    desk = _Desk(rule, status, bench, _Times.of(frames["readings"]), _operations(frames["operations"]))
    by_row = iter(shown)
    found = [
        desk.finding(verdict, next(by_row) if verdict["row"] >= 0 else _as_extension(machines[verdict["machine_id"]]))
        for verdict in wanted.to_dict("records")
    ]
    yield from sorted(found, key=_order)


def _order(finding: Finding) -> tuple[str, str, str]:
    return ((finding.subscription_id or "").lower(), (finding.machine_name or "").lower(), finding.resource_id.lower())


def _records(machines: pd.DataFrame, ids: pd.Series[Any]) -> dict[str, dict[str, Any]]:
    wanted = machines[machines["id"].isin(ids)]
    return {str(row["id"]): {str(key): value for key, value in row.items()} for row in wanted.to_dict("records")}


def _as_extension(machine: Mapping[str, Any]) -> dict[str, Any]:
    """A machine whose extensions were not read, in the words of an extension's row: no extension columns."""
    row = {key: value for key, value in machine.items() if key not in ("id", "name", "created_at")}
    return {**row, "machine_id": machine["id"], "machine_name": machine["name"]}


def _operations(operations: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    about = operations[operations["extension_id"].notna()]
    for row in about.sort_values(["started", "ended", "id"]).to_dict("records"):
        found[str(row["extension_id"]).lower()].append({str(key): value for key, value in row.items()})
    return found


@dataclass(frozen=True)
class _Times:
    """When and how completely each scope was read, by source and scope in lower case."""

    readings: Mapping[tuple[str, str], tuple[datetime, str | None, str | None]]

    @classmethod
    def of(cls, readings: pd.DataFrame) -> _Times:
        columns = (readings[name] for name in ("source", "scope", "complete", "read_at", "reason", "close"))
        return cls(
            {
                (source, scope): (
                    read_at.to_pydatetime(),
                    None if complete == "yes" else plain(reason, Kind.TEXT),
                    None if complete == "yes" else plain(close, Kind.TEXT),
                )
                for source, scope, complete, read_at, reason, close in zip(*columns, strict=True)
            }
        )

    def _over(self, source: Source, row: Mapping[str, Any]) -> list[tuple[datetime, str | None, str | None]]:
        """The readings that lie over ``row``: a machine may report to any workspace, so every one of them does."""
        if source is Source.HEARTBEATS:
            return [told for (name, _scope_of), told in self.readings.items() if name == source]
        found = self.readings.get((str(source), _scope(source, row)))
        return [found] if found else []

    def read_at(self, source: Source, row: Mapping[str, Any]) -> datetime | None:
        return max((read_at for read_at, _reason, _close in self._over(source, row)), default=None)

    def gap(self, source: Source, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Reason and remedy of the gap that lies over ``row``, if there is one."""
        told = ((reason, close or "") for _read_at, reason, close in self._over(source, row) if reason)
        return next(told, None)


def _scope(source: Source, row: Mapping[str, Any]) -> str:
    if source is Source.INSTANCE_VIEW:
        return str(row.get("machine_id", row.get("id"))).lower()
    if source is Source.EXTENSION_VERSIONS:
        where = "".join(str(row.get("location")).split())
        return f"{where}/{row.get('publisher')}/{row.get('type')}".lower()
    return str(row.get("subscription_id")).lower()


@dataclass(frozen=True)
class _Desk:
    """Writes the findings of one rule with one verdict."""

    rule: Rule
    status: Status
    bench: Bench
    times: _Times
    operations: Mapping[str, list[dict[str, Any]]]

    def finding(self, verdict: Mapping[Any, Any], row: Mapping[Any, Any]) -> Finding:
        seen = _Row(row)
        clause = self._clause(verdict)
        resource = str(verdict["resource_id"])
        missing = [name for name in str(verdict["missing"]).split(",") if name]
        reason, gap_fix = self._reason(verdict, clause, missing, row)
        return Finding(
            rule_id=self.rule.id,
            status=self.status,
            severity=self.rule.severity,
            reason_code=str(verdict["reason_code"]),
            reason=reason,
            resource_id=resource,
            machine_id=str(verdict["machine_id"]),
            machine_name=seen.text("machine_name") or seen.text("name"),
            machine_kind=seen.text("kind"),
            subscription_id=seen.text("subscription_id"),
            subscription_name=seen.text("subscription_name"),
            resource_group=seen.text("resource_group"),
            location=seen.text("location"),
            os=seen.text("os"),
            availability=seen.text("availability"),
            extension_publisher=seen.text("publisher"),
            extension_type=seen.text("type"),
            extension_name=seen.text("name") if "machine_name" in row else None,
            auto_upgrade=seen.text("auto_upgrade"),
            auto_upgrade_minor=seen.flag("auto_upgrade_minor"),
            requested_version=seen.text("requested_version"),
            installed_version=seen.text("installed_version"),
            installed_version_source=seen.text("installed_version_source"),
            installed_version_at=seen.time("installed_version_at"),
            latest_version=seen.text("latest_version"),
            releases_behind=seen.number("releases_behind"),
            evidence=self._evidence(verdict, row),
            remediation=self.bench.wording.say("fixes", clause.fix) if clause and clause.fix else gap_fix,
            change=None,
            first_seen=None,
            owner=_owner(seen.text("tags")),
            exemption=plain(verdict["exemption"], Kind.TEXT),
            portal=f"{self.bench.portal}/#@/resource{quote(str(verdict['machine_id']))}",
        )

    def _clause(self, verdict: Mapping[Any, Any]) -> Clause | None:
        clauses = self.rule.clauses(self.status)
        at = int(verdict["clause"])
        return clauses[at] if 0 <= at < len(clauses) else None

    def _reason(
        self, verdict: Mapping[Any, Any], clause: Clause | None, missing: list[str], row: Mapping[Any, Any]
    ) -> tuple[str, str | None]:
        """The sentence, and for an unanswered verdict what would close the gap."""
        wording = self.bench.wording
        if clause is not None:
            return wording.fill(wording.text_of(clause.text), row, self.rule.frame, self.rule.params), None
        if self.status is Status.PASS:
            return wording.say("texts", "pass", title=wording.text_of(self.rule.title)), None
        if verdict["reason_code"] == EXTENSIONS_NOT_READ:
            why, close = self.times.gap(Source.INSTANCE_VIEW, row) or (wording.say("texts", "unknown"), "")
            return wording.say("texts", "unread", why=why), close or None
        roots = list(dict.fromkeys(root for column in self._columns(missing) for root in self._roots(column, row)))
        columns = ", ".join(wording.label(column.name) for column in roots)
        why, fix = self._gap_over(roots, row) or self._unexplained(roots, row)
        return wording.say("texts", "unanswered", columns=columns, why=why).strip(), fix or None

    def _roots(self, column: Column, row: Mapping[Any, Any]) -> list[Column]:
        """What a missing column is missing for: the inputs that are missing themselves, down to the first of them."""
        missing = [each for each in self._columns(list(column.inputs)) if self._is_missing(each, row)]
        if not column.derived or not missing:
            return [column]
        return [root for each in missing for root in self._roots(each, row)]

    def _is_missing(self, column: Column, row: Mapping[Any, Any]) -> bool:
        return all(plain(row.get(name), column.kind) is None for name in column.stored())

    def _gap_over(self, missing: list[Column], row: Mapping[Any, Any]) -> tuple[str, str] | None:
        sources = [source for column in missing for source in (*column.rests_on, *column.helped_by)]
        gaps = (self.times.gap(source, row) for source in dict.fromkeys(sources))
        return next((gap for gap in gaps if gap), None)

    def _unexplained(self, missing: list[Column], row: Mapping[Any, Any]) -> tuple[str, str]:
        """Everything was read, and the value is not there all the same: what that means, and what to do."""
        name = missing[0].name if missing else ""
        why, fix = self.bench.wording.unexplained(name)
        return self.bench.wording.fill(why, row, self.rule.frame, {}), fix

    def _columns(self, names: list[str]) -> list[Column]:
        found = (rule_column(self.rule.frame, name) for name in names)
        return [column for column in found if column is not None]

    def _evidence(self, verdict: Mapping[Any, Any], row: Mapping[Any, Any]) -> tuple[Evidence, ...]:
        """What the rule names, with what that was made from; then the operations, where the rule is about them."""
        if verdict["row"] < 0:
            return (self._unread(row),)
        named = [column for column in self._columns(list(self.rule.columns())) if column.name not in _ALREADY_TOLD]
        with_inputs = [name for column in named for name in (column.name, *column.inputs, *self._known(column, row))]
        columns = self._columns(list(dict.fromkeys(with_inputs)))
        told = [self._value(column, row) for column in columns]
        about_operations = any(column.name == "last_failure" for column in named)
        operations = self.operations.get(str(verdict["resource_id"]).lower(), []) if about_operations else []
        return (*told, *(self._operation(operation) for operation in operations))

    def _known(self, column: Column, row: Mapping[Any, Any]) -> list[str]:
        """The columns that explain this one, as far as they hold anything: a failure's time only after a failure."""
        return [each.name for each in self._columns(list(column.beside)) if not self._is_missing(each, row)]

    def _value(self, column: Column, row: Mapping[Any, Any]) -> Evidence:
        """The value with the source that told it: the row's own word for it, else the last one it rests on."""
        value, shown = self.bench.wording.column(row, column)
        told_by = plain(row.get(column.told_by), Kind.TEXT)
        source = _source(told_by, column)
        read_at = plain(row.get(column.told_at), Kind.TIME) or self.times.read_at(source, row)
        return Evidence(
            column.name, self.bench.wording.label(column.name), value, shown, told_by or str(source), read_at
        )

    def _unread(self, row: Mapping[Any, Any]) -> Evidence:
        gap = self.times.gap(Source.INSTANCE_VIEW, row)
        wording = self.bench.wording
        shown = gap[0] if gap else wording.say("texts", "unknown")
        read_at = self.times.read_at(Source.INSTANCE_VIEW, row)
        return Evidence("machine", wording.label("machine"), None, shown, str(Source.INSTANCE_VIEW), read_at)

    def _operation(self, operation: Mapping[str, Any]) -> Evidence:
        wording = self.bench.wording
        started, ended = (plain(operation[name], Kind.TIME) for name in ("started", "ended"))
        code, message = (plain(operation[name], Kind.TEXT) for name in ("error_code", "error_message"))
        error = ": ".join(part for part in (code, message) if part)
        value = {
            "action": operation["action"],
            "outcome": operation["outcome"],
            "started": iso(started) if started else None,
            "ended": iso(ended) if ended else None,
            "initiator": operation["initiator"],
            "caller": operation["caller"],
            "error_code": code,
            "error_message": message,
        }
        shown = wording.say(
            "texts",
            "operation_shown",
            action=wording.say("actions", operation["action"]),
            outcome=wording.say("outcomes", operation["outcome"]),
            started=wording.moment(started) if started else wording.say("texts", "without_start"),
            ended=wording.moment(ended) if ended else wording.say("texts", "without_end"),
            caller=operation["caller"],
            initiator=operation["initiator"],
        )
        shown += wording.say("texts", "operation_error", error=error) if error else ""
        read_at = self.times.read_at(Source.ACTIVITY_LOG, operation)
        return Evidence("operation", wording.label("operation"), value, shown, str(Source.ACTIVITY_LOG), read_at)


@dataclass(frozen=True)
class _Row:
    """Typed access to a row's cells; missing is None."""

    cells: Mapping[Any, Any]

    def text(self, name: str) -> str | None:
        found: str | None = plain(self.cells.get(name), Kind.TEXT)
        return found

    def number(self, name: str) -> int | None:
        found: int | None = plain(self.cells.get(name), Kind.NUMBER)
        return found

    def flag(self, name: str) -> bool | None:
        found: bool | None = plain(self.cells.get(name), Kind.FLAG)
        return found

    def time(self, name: str) -> datetime | None:
        found: datetime | None = plain(self.cells.get(name), Kind.TIME)
        return found


def _source(told_by: str | None, column: Column) -> Source:
    if told_by in set(Source):
        return Source(str(told_by))
    return column.rests_on[-1] if column.rests_on else Source.INSTANCE_VIEW


def _owner(tags: str | None) -> str | None:
    """Whose the machine is: its tag ``owner``, in any letter case."""
    pairs = orjson.loads(tags) if tags else {}
    return next((str(value) for name, value in pairs.items() if name.lower() == "owner"), None)
