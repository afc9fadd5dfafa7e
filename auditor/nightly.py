"""One night, from beginning to end: read :func:`night`, with the two steps below it, and you have the whole program.

What all shards do stands in :mod:`auditor.shards`, what goes from those who gather to those who report in
:mod:`auditor.briefing`, and what goes from night to night in :mod:`auditor.handover`.

A run is what :func:`collect_only` and :func:`judge_again` do one after the other, by the same steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from auditor import collect, history, judge, render, snapshot, workers
from auditor.briefing import TOOL, composer_of, gathered_by, nothing_gathered
from auditor.cloud import Cloud
from auditor.collect.clocks import Clocks
from auditor.collect.pacing import Pace
from auditor.collect.session import CONNECTIONS, THREADS, Session
from auditor.collect.web import Web
from auditor.disk.scratch import scratch_folder
from auditor.errors import ClockRefused, ExitCode, SettingsRefused
from auditor.handover import Handover, MadeReport, noting
from auditor.model.gathered import Gathered
from auditor.model.grounds import Again, Grounds
from auditor.model.memory import Failure, Memory
from auditor.model.narration import Narrator, counted
from auditor.model.parcel import ShardResult, Survey
from auditor.model.reading import Requests
from auditor.model.report import Report
from auditor.model.run import Order, Watch
from auditor.model.telling import tell_audited, tell_clock, tell_confirmed, tell_shards, tell_surveyed
from auditor.pieces import memory_piece, survey_piece
from auditor.resources import rules_folder
from auditor.shard import Workshop
from auditor.shards import audit_all, confirm_all, judge_all, plan
from auditor.underway import UnderWay, go_on, not_kept

MACHINES_PER_SHARD = 5_000
"""A shard's frames must fit into memory beside the report; whole subscriptions only."""
MACHINES_IN_TIME = 1_000
"""The same where a time budget is set: a shard is what a start leaves undone at its end. One by one so many machines of
a subscription take 40 seconds at Resource Manager's rate.
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling"""


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
    stopwatch: Callable[[], float] = time.monotonic,
    still_due: Callable[[], None] = lambda: None,
) -> Result:
    """Survey the estate, audit it shard by shard, and leave a report. Raises AuditorError where there can be none.

    With an archive a start goes on where an earlier one of the same night has ended (:mod:`auditor.underway`).
    ``pause`` waits, in seconds, where Azure asks for it; ``threads`` questions are under way at once. ``stopwatch``
    tells the seconds that the time budget is measured by. ``still_due`` is asked once the archive is locked, when no
    other run can end the night any more, and raises where that has been done since this one was started.
    """
    render.check_output(order.output)
    busy = render.claimed(order.output)
    with history.locked(order.settings) as archive, busy, _workplace(order, narrator) as (watch, scratch):
        still_due()
        under_way = go_on(order, watch, archive, scratch, stopwatch, TOOL)
        order = under_way.order
        handover = Handover(order, watch, archive, pause, under_way.left)
        handover.send_kept()
        recalled = handover.recall()
        memory = under_way.once(memory_piece(), lambda: recalled)
        try:
            gathered, shards = _gather(under_way, memory, machines_per_shard, pause, threads)
        except ClockRefused as refused:
            handover.deliver_only(partial(_unjudged, order, watch, refused, scratch))
            raise
        under_way.check_time("report")
        made = _report(order, watch, gathered, shards)
        kept = handover.remember(made)
        posted = handover.deliver(made, kept)
        if kept.problems:
            under_way.left_open()
        elif under_way.ended():
            handover.finished()
        return Result(made.composer.ends_with(posted), made.report, made.folder, posted.problems)


def _gather(
    under_way: UnderWay,
    memory: Memory,
    machines_per_shard: int = MACHINES_PER_SHARD,
    pause: Callable[[float], None] = time.sleep,
    threads: int = THREADS,
) -> tuple[Gathered, list[ShardResult]]:
    """Survey the estate, audit it shard by shard, read again what is doubtful: all that is asked of Azure."""
    order, watch = under_way.order, under_way.watch
    cloud, clocks = Cloud(order.settings.azure), None if order.fixed_clock else Clocks()
    with closing(Web(cloud.verify, CONNECTIONS)) as web:
        open_session = partial(
            Session,
            cloud,
            watch.narrator,
            clock=order.clock,
            pause=pause,
            pace=Pace(pause=pause),
            clocks=clocks,
            threads=threads,
            web=web,
        )
        with watch.stage("survey") as told:
            survey, asked = under_way.once(survey_piece(), partial(_survey, open_session, order))
            tell_surveyed(told, survey, asked)
            if clocks:
                tell_clock(told, clocks.ahead, clocks.complaint)
        with watch.stage("audit") as told:
            shop, scopes = Workshop(open_session, under_way.scratch), plan(survey, _most(order, machines_per_shard))
            shards = audit_all(scopes, survey, memory, under_way, shop)
            tell_audited(told, shards)
            audited = [shard.traffic for shard in shards]
        survey = survey.after_audit()
        with watch.stage("confirm") as told:
            confirmation, shards = confirm_all(scopes, shards, memory, under_way, shop)
            tell_confirmed(told, confirmation, shards, audited)
        return gathered_by(order, cloud, survey, asked, memory, confirmation, shards), shards


def _report(
    order: Order, watch: Watch, gathered: Gathered, shards: Sequence[ShardResult], again: Again | None = None
) -> MadeReport:
    """Settle every word of the report, and write it."""
    workers.release()
    with watch.stage("compose") as told:
        composer = composer_of(order, watch, gathered, shards, again)
        report = composer.report()
        told.tell(counted(report.findings_total, "verdict"), verdicts=report.findings_total)
    workers.release()
    reasons: dict[Failure, str] = {}
    with watch.stage("render") as told:
        written = replace(report, run=composer.run(), verdicts=partial(noting, report.verdicts, reasons))
        folder = render.write_folder(written, order.output, order.formats)
        told.append(", ".join(order.formats) or "a letter alone")
    return MadeReport(composer, report, folder, reasons)


def _unjudged(order: Order, watch: Watch, refused: ClockRefused, scratch: Path) -> MadeReport:
    """What becomes the letter of a night that was refused for its clock: a report that nobody keeps.

    Nothing of such a night stays by which the next start could know of its letter, but the letter's own name: so those
    of one hour are of one time, and the same letter.
    """
    hour = order.as_of.replace(minute=0, second=0, microsecond=0)
    order = replace(order, as_of=hour, output=scratch / "unjudged", formats=())
    return _report(order, watch, nothing_gathered(order, Cloud(order.settings.azure), refused), ())


def collect_only(
    order: Order, grounds: Grounds, narrator: Narrator, *, machines_per_shard: int = MACHINES_PER_SHARD
) -> Collected:
    """The same up to the report: leave a snapshot in its place. Raises AuditorError where there can be none."""
    snapshot.check_output(order.output)
    with snapshot.claimed(order.output), _workplace(order, narrator) as (watch, scratch):
        memory = Handover(order, watch, history.configured(order.settings), time.sleep).recall()
        gathered, shards = _gather(not_kept(order, watch, scratch), memory, machines_per_shard)
        with watch.stage("snapshot") as told:
            composer = composer_of(order, watch, gathered, shards)
            report = composer.report()
            digest = snapshot.write_snapshot(gathered, grounds, order.output)
            told.tell(counted(len(shards), "shard"), shards=len(shards))
    return Collected(composer.exit_code, report, order.output.resolve(), digest)


def judge_again(order: Order, gathered: Gathered, again: Again, narrator: Narrator) -> Result:
    """The same from a snapshot on: what was gathered is judged, and told. Nothing is asked of anybody.

    Raises SnapshotRefused for frames that cannot be read.
    """
    render.check_output(order.output)
    with render.claimed(order.output), _workplace(order, narrator) as (watch, scratch):
        with watch.stage("judge") as told:
            shards = judge_all(order, gathered, scratch)
            tell_shards(told, shards)
        made = _report(order, watch, gathered, shards, again)
        return Result(made.composer.exit_code, made.report, made.folder)


@contextmanager
def _workplace(order: Order, narrator: Narrator) -> Iterator[tuple[Watch, Path]]:
    """A watch that runs, and a folder for what need not stay."""
    workers.return_freed_memory()
    workers.collect_garbage_seldom()
    _check_examples(order)
    watch = Watch(narrator)
    narrator.of_run(order.run_id)
    with scratch_folder() as scratch:
        yield watch, scratch


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


def _most(order: Order, machines_per_shard: int) -> int:
    return min(machines_per_shard, MACHINES_IN_TIME) if order.settings.time_budget else machines_per_shard


def _survey(open_session: Callable[[], Session], order: Order) -> tuple[Survey, Requests]:
    session = open_session()
    try:
        return collect.survey(session, order.settings, order.rulebook, order.as_of), session.traffic
    finally:
        session.close()
