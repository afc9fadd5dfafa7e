"""One night, from beginning to end: read :func:`night`, with the two steps below it, and you have the whole program.

A run is what :func:`collect_only` and :func:`judge_again` do one after the other, by the same steps.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path

from auditor import __version__, collect, compose, deliver, frames, history, judge, render, snapshot, workers
from auditor.cloud import Cloud
from auditor.collect.pacing import Pace
from auditor.collect.session import THREADS, Session
from auditor.errors import ArchiveRefused, ExitCode, OutputRefused, SettingsRefused, SnapshotRefused
from auditor.model.asked import configured_sources
from auditor.model.gathered import Gathered
from auditor.model.grounds import Again, Grounds
from auditor.model.memory import EMPTY, Failure, Memory
from auditor.model.narration import Narrator
from auditor.model.parcel import Confirmation, ShardResult, ShardScope, Survey, subscriptions_asked
from auditor.model.posted import Posted
from auditor.model.reading import Source, Traffic
from auditor.model.report import Finding, Report
from auditor.model.run import Order, RunFacts, Watch
from auditor.model.verdict import Status
from auditor.resources import rules_folder
from auditor.shard import Workshop, audit, confirm, doubts_of, judged, load

MACHINES_PER_SHARD = 5_000
"""A shard's frames must fit into memory beside the report; whole subscriptions only."""
MOST_CONFIRMED = 500
"""Machines that one night reads again one by one; where more are doubtful, the gravest. The report says how many were
left: without the memory of last night every failure is a new one."""
TOOL = f"azure-extension-auditor {__version__}"


@dataclass(frozen=True)
class Result:
    """How the night ended, its report, and where it lies.

    The report's findings and tables have been told by then: their rows came out of the night's own scratch folder.
    ``undelivered`` are sentences on letters that were not sent, and on a night that was not kept.
    """

    exit_code: ExitCode
    report: Report
    folder: Path
    undelivered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collected:
    """How a night without a report ended, where its snapshot lies, and the sha256 of its manifest.

    Of ``report`` no findings and tables can be told any more, only what was counted.
    """

    exit_code: ExitCode
    report: Report
    folder: Path
    digest: str


def night(
    order: Order,
    narrator: Narrator,
    *,
    machines_per_shard: int = MACHINES_PER_SHARD,
    pause: Callable[[float], None] = time.sleep,
    threads: int = THREADS,
) -> Result:
    """Survey the estate, audit it shard by shard, and leave a report. Raises AuditorError where there can be none.

    ``pause`` waits, in seconds, where Azure asks for it; ``threads`` questions are under way at once.
    """
    render.check_output(order.output)
    with history.locked(order.settings) as archive, _begun(order, narrator) as (watch, scratch):
        office = _post_office(order, pause)
        waiting = _send_kept(office, watch)
        memory = _recall(order, watch, archive)
        gathered, shards = _gather(order, watch, scratch, memory, machines_per_shard, pause, threads)
        composer, made, reasons = _report(order, watch, gathered, shards)
        unkept = _remember(archive, order, watch, composer, reasons, made) if archive else Posted()
        return _deliver(office, watch, waiting + unkept, composer, made)


def _recall(order: Order, watch: Watch, archive: history.Archive | None) -> Memory:
    """What earlier nights left behind; nothing where none are kept. Raises ArchiveRefused."""
    if archive is None:
        return EMPTY
    with watch.stage("recall") as told:
        memory = archive.recall(order.as_of, order.run_id)
        told.append(f"{len(memory.nights)} earlier nights, {len(memory.failures)} failures open.")
        told.extend(memory.passed_over)
    return memory


def _gather(
    order: Order,
    watch: Watch,
    scratch: Path,
    memory: Memory,
    machines_per_shard: int = MACHINES_PER_SHARD,
    pause: Callable[[float], None] = time.sleep,
    threads: int = THREADS,
) -> tuple[Gathered, list[ShardResult]]:
    """Survey the estate, audit it shard by shard, read again what is doubtful: all that is asked of Azure."""
    cloud = Cloud(order.settings.azure)
    open_session = partial(
        Session, cloud, watch.narrator, clock=order.clock, pause=pause, pace=Pace(pause=pause), threads=threads
    )
    with watch.stage("survey") as told:
        survey, asked = _survey(open_session, order)
        told.append(f"{len(survey.readable)} subscriptions, {len(survey.rows.get('machines', []))} machines")
    with watch.stage("audit") as told:
        shop = Workshop(open_session, scratch)
        shards = _audit_all(plan(survey, machines_per_shard), survey, memory, order, shop)
        told.append(f"{sum(shard.machines for shard in shards)} machines in {len(shards)} shards")
    with watch.stage("confirm") as told:
        confirmation, shards = _confirm_all(shards, memory, order, shop)
        told.append(f"{confirmation.machines} machines read again, {confirmation.changed} verdicts changed")
    traffic = _traffic([asked, *(shard.traffic for shard in shards)])
    return _gathered(order, cloud, survey, memory, traffic, confirmation, shards), shards


def _report(
    order: Order, watch: Watch, gathered: Gathered, shards: Sequence[ShardResult], again: Again | None = None
) -> tuple[compose.Composer, Result, dict[Failure, str]]:
    """Settle every word of the report, and write it; beside it the sentence of each failure."""
    with watch.stage("compose") as told:
        composer = _composer(order, watch, gathered, shards, again)
        report = composer.report()
        told.append(f"{report.findings_total} verdicts")
    reasons: dict[Failure, str] = {}
    with watch.stage("render") as told:
        written = replace(report, run=composer.run(), findings=partial(_noting, report.findings, reasons))
        folder = render.write_folder(written, order.output, order.formats)
        told.append(", ".join(order.formats))
    return composer, Result(composer.exit_code, report, folder), reasons


def _noting(findings: Callable[[], Iterable[Finding]], reasons: dict[Failure, str]) -> Iterator[Finding]:
    """The findings as they are told, while the sentences of failures are noted for later nights."""
    for finding in findings():
        if finding.status is Status.FAIL:
            reasons[finding.rule_id, finding.resource_id.lower()] = finding.reason
        yield finding


def _remember(
    archive: history.Archive,
    order: Order,
    watch: Watch,
    composer: compose.Composer,
    reasons: dict[Failure, str],
    made: Result,
) -> Posted:
    """Keep the night. A report that is made stays made where it could not be kept: that is told, and counts."""
    by_operation = (rule.id for rule in order.rulebook.rules if history.FAILED_OPERATIONS in rule.columns())
    tonight = history.Tonight(
        night=composer.tonight,
        tool=TOOL,
        collected=not composer.coverage.nothing_collected,
        past=history.with_reasons(composer.facts.past, reasons),
        shards=lambda: (shard.frames for shard in composer.ledger.shards()),
        by_operation=frozenset(by_operation),
        reports=render.kept_files(made.folder),
    )
    with watch.stage("remember") as told:
        try:
            archive.remember(tonight, partial(render.archive_page, made.report))
            told.append(f"kept as {order.run_id} in {archive.store.where}")
        except ArchiveRefused as error:
            told.append(str(error))
            return Posted(problems=(str(error),))
    return Posted()


def _deliver(
    office: deliver.PostOffice, watch: Watch, before: Posted, composer: compose.Composer, made: Result
) -> Result:
    """Send the letter; who took it is written into run.json, with what was posted ``before`` and what went wrong."""
    letter, posted = made.report.letter, before
    if letter and office.ways:
        with watch.stage("deliver") as told:
            sent = office.send(made.folder, letter.envelope)
            told.append(f"{sum(each.accepted for each in sent.receipts)} of {len(sent.receipts)} recipients")
        posted = before + sent
    elif not before.problems:
        return made
    try:
        render.rewrite_run(composer.run(posted), made.folder)
    except OutputRefused as error:  # the report is there, and the letters are on their way
        posted += Posted(problems=(str(error),))
    return replace(made, exit_code=composer.ends_with(posted), undelivered=posted.problems)


def _send_kept(office: deliver.PostOffice, watch: Watch) -> Posted:
    """What earlier nights could not send goes out before anything else."""
    if not (office.ways and office.outbox.folder.is_dir()):
        return Posted()
    with watch.stage("outbox") as told:
        posted = office.send_kept()
        told.append(f"{sum(each.accepted for each in posted.receipts)} of {len(posted.receipts)} recipients")
    return posted


def _post_office(order: Order, pause: Callable[[float], None]) -> deliver.PostOffice:
    ways = order.settings.deliver if order.deliver else ()
    return deliver.PostOffice(ways, deliver.Outbox(deliver.outbox_of(order.output)), pause)


def collect_only(
    order: Order, grounds: Grounds, narrator: Narrator, *, machines_per_shard: int = MACHINES_PER_SHARD
) -> Collected:
    """The same up to the report: leave a snapshot in its place. Raises AuditorError where there can be none."""
    snapshot.check_output(order.output)
    with _begun(order, narrator) as (watch, scratch):
        memory = _recall(order, watch, history.configured(order.settings))
        gathered, shards = _gather(order, watch, scratch, memory, machines_per_shard)
        with watch.stage("snapshot") as told:
            composer = _composer(order, watch, gathered, shards)
            report = composer.report()
            digest = snapshot.write_snapshot(gathered, grounds, order.output)
            told.append(f"{len(shards)} shards")
    return Collected(composer.exit_code, report, order.output.resolve(), digest)


def judge_again(order: Order, gathered: Gathered, again: Again, narrator: Narrator) -> Result:
    """The same from a snapshot on: what was gathered is judged, and told. Nothing is asked of anybody.

    Raises SnapshotRefused for frames that cannot be read.
    """
    render.check_output(order.output)
    with _begun(order, narrator) as (watch, scratch):
        with watch.stage("judge") as told:
            shards = _judge_all(order, gathered, scratch)
            told.append(f"{sum(shard.machines for shard in shards)} machines in {len(shards)} shards")
        return _report(order, watch, gathered, shards, again)[1]


@contextmanager
def _begun(order: Order, narrator: Narrator) -> Iterator[tuple[Watch, Path]]:
    """A watch that runs, and a folder for what need not stay."""
    workers.return_freed_memory()
    workers.collect_garbage_seldom()
    _check_examples(order)
    watch = Watch(narrator)
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch:
        yield watch, Path(scratch)


def _gathered(
    order: Order,
    cloud: Cloud,
    survey: Survey,
    memory: Memory,
    traffic: Mapping[Source, Traffic],
    confirmation: Confirmation,
    shards: Sequence[ShardResult],
) -> Gathered:
    return Gathered(
        tool=TOOL,
        as_of=order.as_of,
        fixed_clock=order.fixed_clock,
        shards=tuple(shard.folder for shard in shards),
        survey=survey.readings,
        subscriptions=tuple(survey.rows.get("subscriptions", [])),
        memory=memory,
        traffic=traffic,
        identity=cloud.identity(),
        portal=cloud.endpoints.portal,
        confirmed=confirmation,
        again=tuple(each for shard in shards for each in shard.again),
    )


def _check_examples(order: Order) -> None:
    """A user's rule that does not do what its own examples say judges nobody. Raises SettingsRefused.

    Rules that the configuration tunes are left out: their examples speak of the rule as it was written. So are those
    that a snapshot keeps: they were checked by the version that collected.
    """
    known = (rules_folder(), *order.checked)
    own = [rule for rule in order.rulebook.rules if not any(Path(rule.path).is_relative_to(each) for each in known)]
    asked = [rule for rule in own if rule.enabled and rule.id not in order.settings.rules]
    problems = [problem for rule in asked for problem in judge.check_examples(rule)]
    if problems:
        raise SettingsRefused(problems)


def plan(survey: Survey, most: int) -> list[ShardScope]:
    """Batches of whole subscriptions, in the order in which findings are told, of about ``most`` machines each."""
    ordered = sorted(survey.readable, key=str.lower)
    sizes = [survey.size(each) for each in ordered]
    batches: dict[int, list[str]] = {}
    for subscription, size, until in zip(ordered, sizes, accumulate(sizes), strict=True):
        batches.setdefault((until - size) // most, []).append(subscription)
    return [ShardScope(f"shard-{at:05}", tuple(each)) for at, each in enumerate(batches.values())]


def _survey(open_session: Callable[[], Session], order: Order) -> tuple[Survey, dict[Source, Traffic]]:
    session = open_session()
    try:
        return collect.survey(session, order.settings, order.rulebook, order.as_of), session.traffic
    finally:
        session.close()


def _audit_all(
    scopes: Sequence[ShardScope], survey: Survey, memory: Memory, order: Order, shop: Workshop
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


def _confirm_all(
    shards: Sequence[ShardResult], memory: Memory, order: Order, shop: Workshop
) -> tuple[Confirmation, list[ShardResult]]:
    """Read again what is doubtful: the gravest first and so many at the most, however the estate was cut."""
    doubts = [
        (doubt, at)
        for at, shard in enumerate(shards)
        for doubt in doubts_of(shard, order.rulebook, memory, order.as_of)
    ]
    chosen = sorted(doubts)[:MOST_CONFIRMED]
    again = {at: [doubt.id for doubt, where in chosen if where == at] for at in range(len(shards))}
    context = (memory, order.rulebook, order.settings, order.as_of, shop)
    with workers.local_executor() as executor:
        futures = [
            executor.submit(confirm, shard, again[at], *context) if again[at] else None
            for at, shard in enumerate(shards)
        ]
    results = [future.result() if future else shard for future, shard in zip(futures, shards, strict=True)]
    left = Confirmation(left=len(doubts) - len(chosen))
    return sum((shard.confirmed for shard in results), left), results


def _traffic(parts: Iterable[Mapping[Source, Traffic]]) -> dict[Source, Traffic]:
    told = list(parts)
    return {source: sum((part.get(source, Traffic()) for part in told), Traffic()) for source in Source}


def _judge_all(order: Order, gathered: Gathered, scratch: Path) -> list[ShardResult]:
    """Every shard of a snapshot, one at a time as on the night itself."""
    context = (gathered.memory, order.rulebook, order.settings, order.as_of, scratch)
    with workers.local_executor() as executor:
        futures = [executor.submit(judged, folder, *context) for folder in gathered.shards]
        try:
            return [future.result() for future in futures]
        except frames.FramesRefused as error:
            raise SnapshotRefused(f"The snapshot was not judged: {error} Collect it anew.") from error


def _composer(
    order: Order, watch: Watch, gathered: Gathered, shards: Sequence[ShardResult], again: Again | None = None
) -> compose.Composer:
    not_run = judge.not_run(order.rulebook, configured_sources(order.settings))
    ledger, memory = _ledger(gathered, shards), gathered.memory
    asked = {rule.id for rule in order.rulebook.rules if rule.enabled} - {entry.rule_id for entry in not_run}
    rules = [rule for rule in order.rulebook.rules if rule.id in asked]
    frames_of_shards = (shard.frames for shard in ledger.shards())
    facts = RunFacts(
        tool=TOOL,
        watch=watch,
        traffic=gathered.traffic,
        identity=gathered.identity,
        portal=gathered.portal,
        not_run={entry.rule_id: entry.columns for entry in not_run},
        confirmed=gathered.confirmed,
        again=again,
        reach=judge.reach(order.rulebook, subscriptions_asked(gathered.subscriptions, gathered.survey)),
        past=history.changes(memory, frames_of_shards, gathered.survey, rules, order.as_of),
        nights=memory.nights,
        passed_over=memory.passed_over,
    )
    return compose.Composer(ledger, order, facts)


def _ledger(gathered: Gathered, shards: Sequence[ShardResult]) -> compose.Ledger:
    @lru_cache(maxsize=1)
    def loaded(at: int) -> frames.Frames:
        return load(shards[at])

    loaders = [partial(loaded, at) for at in range(len(shards))]
    return compose.Ledger(loaders, gathered.survey, gathered.subscriptions)
