"""One night, from beginning to end: read :func:`night`, it is the whole program in one screen."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path

from auditor import __version__, collect, compose, frames, history, judge, render, workers
from auditor.cloud import Cloud
from auditor.collect.session import Session
from auditor.errors import ExitCode
from auditor.model.narration import Narrator
from auditor.model.parcel import ShardResult, ShardScope, Survey
from auditor.model.reading import Source, Traffic
from auditor.model.report import Report
from auditor.model.run import Order, RunFacts
from auditor.model.verdict import Status
from auditor.shard import Workshop, audit, configured_sources

MACHINES_PER_SHARD = 20_000
"""A shard's frames must fit into memory beside the report; whole subscriptions only."""


@dataclass(frozen=True)
class Result:
    """How the night ended, its report, and where it lies.

    The report's findings and tables have been told by then: their rows came out of the night's own scratch folder.
    """

    exit_code: ExitCode
    report: Report
    folder: Path


@dataclass
class _Watch:
    """Seconds by stage, and what the narrator is told at the end of each."""

    narrator: Narrator
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[list[str]]:
        began = time.perf_counter()
        told: list[str] = []
        yield told
        self.seconds[name] = time.perf_counter() - began
        self.narrator.stage(name, f"{' '.join(told)} ({self.seconds[name]:.1f} s)".strip())


def night(
    order: Order,
    narrator: Narrator,
    *,
    machines_per_shard: int = MACHINES_PER_SHARD,
    pause: Callable[[float], None] = time.sleep,
) -> Result:
    """Survey the estate, audit it shard by shard, and leave a report. Raises AuditorError where there can be none.

    ``pause`` waits, in seconds, where Azure asks for it.
    """
    render.check_output(order.output)
    started, watch = datetime.now(UTC), _Watch(narrator)
    cloud = Cloud(order.settings.azure)
    open_session = partial(Session, cloud, narrator, clock=_clock(order), pause=pause)
    memory = history.recall()
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch:
        with watch.stage("survey") as told:
            survey, asked = _survey(open_session, order)
            told.append(f"{len(survey.readable)} subscriptions, {len(survey.rows.get('machines', []))} machines")
        with watch.stage("audit") as told:
            shop = Workshop(open_session, Path(scratch))
            shards = _audit_all(plan(survey, machines_per_shard), survey, memory, order, shop)
            told.append(f"{sum(shard.machines for shard in shards)} machines in {len(shards)} shards")
        with watch.stage("compose") as told:
            facts = _facts(order, started, watch, _traffic([asked, *(shard.traffic for shard in shards)]), cloud)
            composer = compose.Composer(_ledger(survey, shards), order.rulebook, order.settings, facts)
            report, code = _closed(composer, order)
            told.append(f"{report.findings_total} verdicts")
        with watch.stage("render") as told:
            folder = render.write_folder(report, order.output, order.formats)
            told.append(", ".join(order.formats))
    return Result(code, report, folder)


def plan(survey: Survey, most: int) -> list[ShardScope]:
    """Batches of whole subscriptions, in the order in which findings are told, of about ``most`` machines each."""
    ordered = sorted(survey.readable, key=str.lower)
    sizes = [len(survey.machines_of(each)) for each in ordered]
    batches: dict[int, list[str]] = {}
    for subscription, size, until in zip(ordered, sizes, accumulate(sizes), strict=True):
        batches.setdefault((until - size) // most, []).append(subscription)
    return [ShardScope(f"shard-{at:05}", tuple(each)) for at, each in enumerate(batches.values())]


def _clock(order: Order) -> Callable[[], datetime]:
    return (lambda: order.as_of) if order.fixed_clock else (lambda: datetime.now(UTC))


def _survey(open_session: Callable[[], Session], order: Order) -> tuple[Survey, dict[Source, Traffic]]:
    session = open_session()
    try:
        return collect.survey(session, order.settings, order.rulebook, order.as_of), session.traffic
    finally:
        session.close()


def _audit_all(
    scopes: Sequence[ShardScope], survey: Survey, memory: history.Memory, order: Order, shop: Workshop
) -> list[ShardResult]:
    """Every shard, on whatever executor there is; the results keep the order of the scopes."""
    with workers.local_executor() as executor:
        futures = [
            executor.submit(audit, scope, survey, memory, order.rulebook, order.settings, order.as_of, shop)
            for scope in scopes
        ]
        for future in as_completed(futures):
            future.result()
    return [future.result() for future in futures]


def _traffic(parts: Iterable[Mapping[Source, Traffic]]) -> dict[Source, Traffic]:
    told = list(parts)
    return {source: sum((part.get(source, Traffic()) for part in told), Traffic()) for source in Source}


def _ledger(survey: Survey, shards: Sequence[ShardResult]) -> compose.Ledger:
    @lru_cache(maxsize=1)
    def load(folder: Path) -> frames.Frames:
        return frames.read_frames(folder)

    loaders = [partial(load, shard.folder) for shard in shards]
    return compose.Ledger(loaders, survey.readings, tuple(survey.rows.get("subscriptions", [])))


def _facts(order: Order, started: datetime, watch: _Watch, traffic: dict[Source, Traffic], cloud: Cloud) -> RunFacts:
    hashes = {"config": order.config_hash, **order.rulebook.hashes}
    stamp = hashlib.sha256(repr(sorted(hashes.items())).encode()).hexdigest()[:8]
    not_run = judge.not_run(order.rulebook, configured_sources(order.settings))
    return RunFacts(
        tool=f"azure-extension-auditor {__version__}",
        run_id=f"{order.as_of:%Y%m%dT%H%M%SZ}-{stamp}",
        as_of=order.as_of,
        started=started,
        ended=datetime.now(UTC),
        seconds=dict(watch.seconds),
        traffic=traffic,
        identity=cloud.identity(),
        hashes=hashes,
        portal=cloud.endpoints.portal,
        cloud=str(order.settings.azure.cloud),
        not_run={entry.rule_id: entry.columns for entry in not_run},
    )


def _closed(composer: compose.Composer, order: Order) -> tuple[Report, ExitCode]:
    """The report with its exit code, the first that holds."""
    report = composer.report()
    code = _exit_code(composer, order)
    return replace(report, run={**report.run, "receipts": [], "exit_code": int(code)}), code


def _exit_code(composer: compose.Composer, order: Order) -> ExitCode:
    if composer.coverage.nothing_collected:
        return ExitCode.NOTHING_COLLECTED
    graver = [rule.id for rule in composer.rules if order.fail_on and rule.severity.rank <= order.fail_on.rank]
    if any(composer.ledger.counts.get((rule, Status.FAIL), 0) for rule in graver):
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if composer.coverage.open_gaps else ExitCode.DELIVERED
