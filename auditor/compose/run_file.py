"""run.json: the run itself in numbers, for other programs and for whoever asks what was seen that night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from auditor.compose.coverage import Coverage
from auditor.compose.tally import Tally
from auditor.compose.wording import iso
from auditor.errors import ExitCode
from auditor.model.files import FILES
from auditor.model.posted import Receipt
from auditor.model.rule import Rule
from auditor.model.run import Order, RunFacts
from auditor.model.verdict import Status

LISTS = (FILES["json"], FILES["xlsx"])
"""The files that leave verdicts to verdicts.parquet where there are too many."""


def run_file(
    order: Order,
    facts: RunFacts,
    coverage: Coverage,
    rules: Sequence[Rule],
    left_out: int,
    changes: Mapping[str, object],
    exit_code: ExitCode,
    receipts: Sequence[Receipt] = (),
) -> dict[str, object]:
    """The keys of the contract, in its order; ``left_out`` only where something is."""
    tally = coverage.ledger.tally
    return {
        "tool": facts.tool,
        "run_id": order.run_id,
        "as_of": iso(order.as_of),
        "started": iso(facts.watch.starts[0]),
        "ended": iso(max(facts.watch.ended, *facts.watch.starts)),
        "starts": [iso(each) for each in facts.watch.starts],
        "seconds": {name: round(took, 3) for name, took in facts.watch.seconds.items()},
        "subscriptions": dict(coverage.subscriptions),
        "machines": dict(sorted(coverage.kinds.items())),
        "operations": {name: tally.operations[name] for name in ("succeeded", "failed", "running")},
        "readings": _readings(tally),
        "gaps": coverage.gaps_for_run(),
        "counts": _counts(tally, [rule.id for rule in rules if rule.id not in facts.not_run]),
        "changes": dict(changes),
        "not_run": [{"rule_id": rule, "columns": list(columns)} for rule, columns in facts.not_run.items()],
        "requests": {str(source): asdict(told) for source, told in facts.traffic.items()},
        "data_age": _age(tally, order.clock()),
        "confirmed": asdict(facts.confirmed),
        "hashes": {**order.hashes, **facts.hashes},
        "identity": dict(facts.identity),
        **({"left_out": dict.fromkeys(LISTS, left_out)} if left_out else {}),
        "receipts": [{**asdict(each), "at": iso(each.at)} for each in receipts],
        "exit_code": int(exit_code),
    }


def _counts(tally: Tally, rules: Sequence[str]) -> dict[str, dict[str, int]]:
    return {rule: {str(status): tally.counts.get((rule, status), 0) for status in Status} for rule in rules}


def _readings(tally: Tally) -> dict[str, dict[str, int]]:
    return {
        str(source): {"asked": told.asked, "complete": told.complete, "rows": told.rows}
        for source, told in tally.by_source()
    }


def _age(tally: Tally, now: datetime) -> float | None:
    """Seconds since the oldest answer; None where there is none."""
    return max(0.0, (now - tally.oldest).total_seconds()) if tally.oldest else None
