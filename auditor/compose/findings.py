"""Verdicts in the order of the report: as findings, or as columns where only the tables hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from auditor.compose.desk import Bench, Desk, Judged
from auditor.compose.ledger import Ledger, Shard
from auditor.compose.spool import Spool
from auditor.compose.unread import rows_of
from auditor.model.report import Portion
from auditor.model.verdict import Status

AT_ONCE = 1_000
"""Verdicts that are told together: what is alike among them is written once."""

Key = tuple[str, Status]
"""A rule, and what it says."""


def verdicts_of(ledger: Ledger, bench: Bench, left: Collection[Status] = ()) -> Iterator[Portion]:
    """Every verdict, gravest first: by verdict, severity, rule, then subscription, machine and resource.

    Those of ``left`` come as columns. The order does not depend on how the estate was cut into shards. Raises
    OutputRefused where the disk refuses to keep what a large estate's shards tell until its turn comes.
    """
    order = sorted(ledger.tally.counts, key=lambda key: _gravity(bench, *key))
    if ledger.fits:
        for key in order:
            for shard in ledger.shards():
                yield from _of_shard(shard, key, bench, left)
        return
    with Spool() as spool:
        for shard in ledger.shards():
            for key in order:
                spool.lay(key, _of_shard(shard, key, bench, left))
        del shard
        ledger.let_go()
        for key in order:
            yield from spool.told(key)


def _gravity(bench: Bench, rule_id: str, status: Status) -> tuple[int, int, str]:
    return list(Status).index(status), bench.rule(rule_id).severity.rank, rule_id


def _of_shard(shard: Shard, key: Key, bench: Bench, left: Collection[Status]) -> Iterator[Portion]:
    if key not in shard.verdicts:
        return
    (_rule, status), rule = key, bench.rule(key[0])
    wanted = shard.frames["verdicts"].iloc[shard.verdicts[key]]
    rows = rows_of(shard.frames, shard.views[rule.frame], wanted)
    desk = Desk(rule, status, bench, shard)
    order = desk.order(rows, wanted)
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        tell = desk.left if status in left else desk.told
        yield tell(Judged.of(wanted.iloc[chosen]), rows.some(chosen))
