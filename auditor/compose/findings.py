"""Verdicts become findings: the sentence, the evidence with its source and time, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
import orjson
import pandas as pd

from auditor.compose.evidence import Witness
from auditor.compose.history import History
from auditor.compose.ledger import Ledger, Shard
from auditor.compose.operations import as_evidence
from auditor.compose.reasons import UNREAD, Reasons, Said
from auditor.compose.remedy import Remedies, text_of
from auditor.compose.rows import Rows, python
from auditor.compose.spool import Spool
from auditor.compose.unread import rows_of
from auditor.compose.wording import Wording
from auditor.model.dataset import Kind
from auditor.model.quoting import url_path
from auditor.model.reading import Source
from auditor.model.report import Evidence, Finding
from auditor.model.rule import Rule, RuleBook, comparisons_of
from auditor.model.verdict import Status

AT_ONCE = 1_000
"""Findings that are made together: what is alike among them is written once."""

_OF_MACHINE = {
    "machine_kind": "kind",
    **{
        name: name
        for name in ("subscription_id", "subscription_name", "resource_group", "location", "os", "availability")
    },
}
_OF_EXTENSION = {
    "machine_name": "machine_name",
    "extension_publisher": "publisher",
    "extension_type": "type",
    "extension_name": "name",
    **{
        name: name
        for name in (
            *("auto_upgrade", "auto_upgrade_minor", "requested_version", "installed_version"),
            *("installed_version_source", "installed_version_at", "latest_version", "releases_behind"),
        )
    },
}
COLUMNS = {"machines": {**_OF_MACHINE, "machine_name": "name"}, "extensions": {**_OF_MACHINE, **_OF_EXTENSION}}
"""The column of each view that a finding's field is taken from."""

_LOGS = (Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG)


@dataclass(frozen=True)
class Bench:
    """What every finding is made with: the rules, words, the portal's base address, and what earlier nights tell."""

    rulebook: RuleBook
    wording: Wording
    portal: str
    history: History | None = None

    @cached_property
    def exempted(self) -> Mapping[str, str]:
        """How an exemption reads, by its label."""
        say, day = self.wording.say, self.wording.day
        return {
            each.label: say("texts", "exempted", ticket=each.ticket, owner=each.owner, until=day(each.expires))
            for each in self.rulebook.exemptions
        }

    def rule(self, rule_id: str) -> Rule:
        return next(rule for rule in self.rulebook.rules if rule.id == rule_id)


def findings_of(ledger: Ledger, bench: Bench) -> Iterator[Finding]:
    """Every verdict, gravest first: by verdict, severity, rule, then subscription, machine and resource.

    The order does not depend on how the estate was cut into shards. Raises OutputRefused where the disk refuses to
    keep what a large estate's shards tell until its turn comes.
    """
    order = sorted(ledger.tally.counts, key=lambda key: _gravity(bench, *key))
    if ledger.fits:
        for key in order:
            for shard in ledger.shards():
                yield from _of_shard(shard, *key, bench)
        return
    with Spool() as spool:
        for shard in ledger.shards():
            for key in order:
                spool.lay(key, _of_shard(shard, *key, bench))
        del shard
        ledger.let_go()
        for key in order:
            yield from spool.told(key)


def _gravity(bench: Bench, rule_id: str, status: Status) -> tuple[int, int, str]:
    return list(Status).index(status), bench.rule(rule_id).severity.rank, rule_id


def _of_shard(shard: Shard, rule_id: str, status: Status, bench: Bench) -> Iterator[Finding]:
    rule, verdicts = bench.rule(rule_id), shard.frames["verdicts"]
    wanted = verdicts[verdicts["rule_id"].eq(rule.id) & verdicts["status"].eq(status)]
    rows = rows_of(shard.frames, shard.views[rule.frame], wanted)
    desk = _Desk(rule, status, bench, shard)
    order = desk.order(rows, wanted)
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        yield from desk.findings(_Verdicts.of(wanted.iloc[chosen]), rows.some(chosen))


@dataclass(frozen=True)
class _Verdicts:
    """Some rows of the frame of verdicts, column by column."""

    reason_code: list[str]
    clause: list[int]
    missing: list[str]
    exemption: list[str | None]
    resource_id: list[str]
    machine_id: list[str]

    @classmethod
    def of(cls, verdicts: pd.DataFrame) -> _Verdicts:
        return cls(*(python(verdicts[name], Kind.TEXT) for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class _Desk:
    """Writes the findings of one rule with one verdict."""

    rule: Rule
    status: Status
    bench: Bench
    shard: Shard

    def order(self, rows: Rows, verdicts: pd.DataFrame) -> np.ndarray[Any, Any]:
        """By subscription, machine and resource, in lower case."""
        name = COLUMNS[self.rule.frame]["machine_name"]
        told = (rows.values("subscription_id"), rows.values(name), python(verdicts["resource_id"], Kind.TEXT))
        keys = list(zip(*([(text or "").lower() for text in texts] for texts in told), strict=True))
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)

    def findings(self, verdicts: _Verdicts, rows: Rows) -> Iterator[Finding]:
        witness = Witness(self.shard.answers, self.bench.wording)
        clauses = self.bench.rulebook.clauses(self.rule, self.status)
        remedies = Remedies(self.shard.targets, self.bench.wording)
        reasons = Reasons(self.rule, self.status, clauses, witness, remedies)
        said = reasons.said(rows, verdicts.clause, verdicts.reason_code, verdicts.missing, verdicts.machine_id)
        columns: dict[str, Sequence[Any]] = {
            **{field: rows.values(column) for field, column in COLUMNS[self.rule.frame].items()},
            "reason_code": verdicts.reason_code,
            "reason": [sentence for sentence, _remedy in said],
            "resource_id": verdicts.resource_id,
            "machine_id": verdicts.machine_id,
            "evidence": self._evidence(witness, verdicts, rows, said),
            "remediation": [remedy and text_of(remedy, self.bench.wording) for _sentence, remedy in said],
            "remedy": [remedy for _sentence, remedy in said],
            **self._past(verdicts),
            "owner": owners(rows.values("tags")),
            "exemption": [label and self.bench.exempted[label] for label in verdicts.exemption],
            "portal": [f"{self.bench.portal}/#@/resource{url_path(each)}" for each in verdicts.machine_id],
        }
        alike = {"rule_id": self.rule.id, "status": self.status, "severity": self.rule.severity}
        fields = (columns.get(name) or repeat(alike.get(name)) for name in Finding._fields)
        return map(Finding._make, zip(*fields, strict=False))  # what is alike is repeated without an end

    def _past(self, verdicts: _Verdicts) -> dict[str, Sequence[Any]]:
        """What has become of each since the last night; of nothing where none of it failed before or does now."""
        of, history = self.rule.id, self.bench.history
        if history is None or not history.past.standings:
            return {}
        told = [history.of((of, resource.lower()), self.status) for resource in verdicts.resource_id]
        return {
            "change": [each and each.change for each, _sentence in told],
            "first_seen": [each and each.first_seen for each, _sentence in told],
            "nights": [each and each.nights for each, _sentence in told],
            "history": [sentence for _each, sentence in told],
        }

    def _evidence(
        self, witness: Witness, verdicts: _Verdicts, rows: Rows, said: Sequence[Said]
    ) -> list[tuple[Evidence, ...]]:
        """What the rule names, with what that was made from; then the operations, where the rule is about them."""
        told = witness.told(self.rule.columns(), rows)
        self._add_standing(told, witness, verdicts, rows)
        self._add_unread(told, witness, verdicts, rows, said)
        self._add_operations(told, witness, verdicts, rows)
        return told

    def _add_standing(
        self, told: list[tuple[Evidence, ...]], witness: Witness, verdicts: _Verdicts, rows: Rows
    ) -> None:
        """Where a standing reason decided, its columns are the evidence, not the rule's own."""
        if self.status is not Status.NOT_APPLICABLE:
            return
        for index, clause in enumerate(self.bench.rulebook.standing):
            names = dict.fromkeys(test.column for test in comparisons_of(clause.when))
            instead = witness.told(names, rows) if index in verdicts.clause else []
            for at in (at for at, each in enumerate(verdicts.clause) if each == index):
                told[at] = instead[at]

    def _add_unread(
        self, told: list[tuple[Evidence, ...]], witness: Witness, verdicts: _Verdicts, rows: Rows, said: Sequence[Said]
    ) -> None:
        """What was not read has one piece of evidence: the answer that should have told it."""
        wording = self.bench.wording
        for at, code in enumerate(verdicts.reason_code):
            if self.status is Status.UNANSWERED and code in UNREAD:
                failed = witness.answers.failed(UNREAD[code][1], rows, at)
                gap = witness.gap_of(failed) if failed else None
                shown = gap[0] if gap else wording.say("texts", "unknown")
                source = failed.word if failed else str(UNREAD[code][1][0])
                read_at = failed.read_at if failed else None
                told[at] = (Evidence("machine", wording.label("machine"), None, shown, source, read_at),)

    def _add_operations(
        self, told: list[tuple[Evidence, ...]], witness: Witness, verdicts: _Verdicts, rows: Rows
    ) -> None:
        columns = frozenset(self.rule.columns())
        if not columns & {"last_failure", "monitor_agents"}:
            return
        answers = witness.answers.latest(_LOGS, rows)
        for at, (resource, machine) in enumerate(zip(verdicts.resource_id, verdicts.machine_id, strict=True)):
            about = self.shard.operations.about(columns, resource.lower(), machine.lower())
            if about:
                told[at] += tuple(as_evidence(each, answers[at], self.bench.wording) for each in about)


def owners(tags: Sequence[str | None]) -> list[str | None]:
    """What :func:`owner_of` says of each; a night has few different tags."""
    alike: Mapping[str | None, str | None] = {text: owner_of(text) for text in set(tags)}
    return [alike[text] for text in tags]


def owner_of(tags: str | None) -> str | None:
    """Whose a machine is: its tag ``owner``, in any letter case."""
    pairs = orjson.loads(tags) if tags else {}
    return next((str(value) for name, value in pairs.items() if name.lower() == "owner"), None)
