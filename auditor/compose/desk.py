"""Verdicts of one rule told: the sentence, the evidence with its source and time, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.compose.evidence import Witness, listed_json
from auditor.compose.history import History
from auditor.compose.ledger import Shard
from auditor.compose.operations import as_evidence
from auditor.compose.reasons import UNREAD, Reasons, Said
from auditor.compose.remedy import Remedies, text_of
from auditor.compose.rows import Coded, Rows, python
from auditor.compose.wording import Wording
from auditor.model.contract import SCHEMA, column
from auditor.model.dataset import Kind
from auditor.model.quoting import url_path
from auditor.model.reading import Source
from auditor.model.report import Evidence, Finding, Portion
from auditor.model.rule import Rule, RuleBook, comparisons_of
from auditor.model.verdict import Status

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


@dataclass(frozen=True)
class Judged:
    """Some rows of the frame of verdicts, column by column."""

    reason_code: list[str]
    clause: list[int]
    missing: list[str]
    exemption: list[str | None]
    resource_id: list[str]
    machine_id: list[str]

    @classmethod
    def of(cls, verdicts: pd.DataFrame) -> Judged:
        return cls(*(python(verdicts[name], Kind.TEXT) for name in cls.__dataclass_fields__))

    def some(self, places: Sequence[int]) -> Judged:
        return Judged(*([values[at] for at in places] for values in vars(self).values()))


@dataclass(frozen=True)
class Desk:
    """Tells the verdicts of one rule with one status, on rows of one shard."""

    rule: Rule
    status: Status
    bench: Bench
    shard: Shard

    @property
    def witness(self) -> Witness:
        return Witness(self.shard.answers, self.bench.wording)

    def order(self, rows: Rows, verdicts: pd.DataFrame) -> np.ndarray[Any, Any]:
        """By subscription, machine and resource, in lower case."""
        name = COLUMNS[self.rule.frame]["machine_name"]
        told = (rows.values("subscription_id"), rows.values(name), python(verdicts["resource_id"], Kind.TEXT))
        keys = list(zip(*([(text or "").lower() for text in texts] for texts in told), strict=True))
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)

    def told(self, verdicts: Judged, rows: Rows) -> Portion:
        """As findings."""
        return Portion(tuple(self._findings(verdicts, rows)))

    def left(self, verdicts: Judged, rows: Rows) -> Portion:
        """As columns, and as findings those that have changed since the last night."""
        said = self._said(verdicts, rows)
        own = self._own(verdicts, said)
        changed = [at for at, change in enumerate(own.get("change", ())) if change]
        findings = self._findings(verdicts.some(changed), rows.some(changed)) if changed else ()
        return Portion(tuple(findings), self._columns(verdicts, rows, own))

    def _findings(self, verdicts: Judged, rows: Rows) -> Iterator[Finding]:
        said = self._said(verdicts, rows)
        columns: dict[str, Sequence[Any]] = {
            **{field: rows.values(stored) for field, stored in COLUMNS[self.rule.frame].items()},
            **self._own(verdicts, said),
            "evidence": self._evidence(verdicts, rows),
            "remedy": [remedy for _sentence, remedy in said],
            "owner": owners(rows).at(rows.positions),
            "portal": [f"{self.bench.portal}/#@/resource{url_path(each)}" for each in verdicts.machine_id],
        }
        fields = (columns.get(name) or repeat(self._alike.get(name)) for name in Finding._fields)
        return map(Finding._make, zip(*fields, strict=False))  # what is alike is repeated without an end

    def _columns(self, verdicts: Judged, rows: Rows, own: Mapping[str, Sequence[Any]]) -> pa.RecordBatch:
        stored = {field: rows.view.column(name) for field, name in COLUMNS[self.rule.frame].items()}
        coded = {**stored, "owner": owners(rows)}

        def told(key: str) -> pa.Array:
            if key in coded:
                return rows.written((column, key), coded[key], partial(column, key))
            return column(key, own.get(key) or [self._alike.get(key)] * len(rows))

        evidence = self._evidence_texts(verdicts, rows)
        arrays = [evidence if key == "evidence" else told(key) for key in SCHEMA.names]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    @property
    def _alike(self) -> Mapping[str, object]:
        return {"rule_id": self.rule.id, "status": self.status, "severity": self.rule.severity}

    def _said(self, verdicts: Judged, rows: Rows) -> list[Said]:
        clauses = self.bench.rulebook.clauses(self.rule, self.status)
        remedies = Remedies(self.shard.targets, self.bench.wording)
        reasons = Reasons(self.rule, self.status, clauses, self.witness, remedies)
        return reasons.said(rows, verdicts.clause, verdicts.reason_code, verdicts.missing, verdicts.machine_id)

    def _own(self, verdicts: Judged, said: Sequence[Said]) -> dict[str, Sequence[Any]]:
        """What is told of the verdicts themselves."""
        return {
            "reason_code": verdicts.reason_code,
            "reason": [sentence for sentence, _remedy in said],
            "resource_id": verdicts.resource_id,
            "machine_id": verdicts.machine_id,
            "remediation": [remedy and text_of(remedy, self.bench.wording) for _sentence, remedy in said],
            **self._past(verdicts),
            "exemption": [label and self.bench.exempted[label] for label in verdicts.exemption],
        }

    def _past(self, verdicts: Judged) -> dict[str, Sequence[Any]]:
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

    # --- evidence: what the verdict rests on, then the operations, where the rule is about them ---

    def _evidence(self, verdicts: Judged, rows: Rows) -> list[tuple[Evidence, ...]]:
        told: list[tuple[Evidence, ...]] = [()] * len(rows)
        for names, places in self._grounds(verdicts).items():
            for at, pieces in zip(places, self.witness.told(names, rows.some(places)), strict=True):
                told[at] = pieces
        self._add_unread(told, verdicts, rows)
        for at, operations in self._operations(verdicts, rows):
            told[at] += operations
        return told

    def _evidence_texts(self, verdicts: Judged, rows: Rows) -> pa.Array:
        """The same as JSON texts; what was not read has none: it is never left to the tables alone."""
        behind = [""] * len(rows)
        for at, operations in self._operations(verdicts, rows):
            behind[at] = "".join(listed_json(each.name, each.value, each.source, each.read_at) for each in operations)
        order, texts = [], []
        for names, places in self._grounds(verdicts).items():
            pieces = self.witness.written(names, rows.some(places))
            last = pa.array([behind[at] for at in places])
            texts.append(pc.binary_join_element_wise("[", *pieces, last, "", null_handling="replace"))
            order += places
        joined = pa.concat_arrays(texts).take(pa.array(np.argsort(order)))
        return pc.binary_join_element_wise(pc.ascii_rtrim(joined, ","), "]", "")

    def _grounds(self, verdicts: Judged) -> Mapping[tuple[str, ...], list[int]]:
        """The columns that verdicts rest on, and the places of those verdicts.

        Where a standing reason decided, its columns are the evidence, not the rule's own.
        """
        standing = self.bench.rulebook.standing if self.status is Status.NOT_APPLICABLE else ()
        own = [tuple(dict.fromkeys(test.column for test in comparisons_of(clause.when))) for clause in standing]
        of_clause = defaultdict(self.rule.columns, enumerate(own))
        found: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, clause in enumerate(verdicts.clause):
            found[of_clause[clause]].append(at)
        return found

    def _add_unread(self, told: list[tuple[Evidence, ...]], verdicts: Judged, rows: Rows) -> None:
        """What was not read has one piece of evidence: the answer that should have told it."""
        wording = self.bench.wording
        for at, code in enumerate(verdicts.reason_code):
            if self.status is Status.UNANSWERED and code in UNREAD:
                failed = self.witness.answers.failed(UNREAD[code][1], rows, at)
                gap = self.witness.gap_of(failed) if failed else None
                shown = gap[0] if gap else wording.say("texts", "unknown")
                source = failed.word if failed else str(UNREAD[code][1][0])
                read_at = failed.read_at if failed else None
                told[at] = (Evidence("machine", wording.label("machine"), None, shown, source, read_at),)

    def _operations(self, verdicts: Judged, rows: Rows) -> Iterator[tuple[int, tuple[Evidence, ...]]]:
        """Of those that have some, at which place they stand."""
        columns = frozenset(self.rule.columns())
        if not columns & {"last_failure", "monitor_agents"}:
            return
        answers = self.witness.answers.latest(_LOGS, rows)
        for at, (resource, machine) in enumerate(zip(verdicts.resource_id, verdicts.machine_id, strict=True)):
            about = self.shard.operations.about(columns, resource.lower(), machine.lower())
            if about:
                yield at, tuple(as_evidence(each, answers[at], self.bench.wording) for each in about)


def owners(rows: Rows) -> Coded:
    """Whose the machines are, of every row of the view."""
    view = rows.view
    return view.once(owner_of, lambda: view.column("tags").told(owner_of))


def owner_of(tags: str | None) -> str | None:
    """Whose a machine is: its tag ``owner``, in any letter case."""
    pairs = orjson.loads(tags) if tags else {}
    return next((str(value) for name, value in pairs.items() if name.lower() == "owner"), None)
