"""What a night takes over from earlier ones, and what it leaves behind: the archive of nights, and the letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from auditor import compose, deliver, history, render
from auditor.errors import ArchiveRefused, OutputRefused
from auditor.model.memory import EMPTY, Failure, Memory
from auditor.model.narration import counted
from auditor.model.posted import NOTHING_POSTED, Posted
from auditor.model.report import Finding, Report
from auditor.model.run import Order, Watch
from auditor.model.telling import tell_posted
from auditor.model.verdict import Status


@dataclass(frozen=True)
class Handover:
    """Between tonight and the other nights; ``archive`` is None where none are kept. ``pause`` waits, in seconds."""

    order: Order
    watch: Watch
    archive: history.Archive | None
    pause: Callable[[float], None]

    @property
    def office(self) -> deliver.PostOffice:
        """No way out where this start delivers nothing."""
        ways = self.order.settings.deliver if self.order.deliver else ()
        return deliver.PostOffice(ways, deliver.Outbox(deliver.outbox_of(self.order.output)), self.pause)

    def send_kept(self) -> Posted:
        """What earlier nights could not send goes out before anything else."""
        if not (self.office.ways and self.office.outbox.folder.is_dir()):
            return NOTHING_POSTED
        with self.watch.stage("outbox") as told:
            posted = self.office.send_kept()
            tell_posted(told, posted)
        return posted

    def recall(self) -> Memory:
        """What earlier nights left behind; nothing where none are kept. Raises ArchiveRefused."""
        if self.archive is None:
            return EMPTY
        with self.watch.stage("recall") as told:
            memory = self.archive.recall(self.order.as_of, self.order.run_id)
            nights, failures = len(memory.nights), len(memory.failures)
            sentence = f"{counted(nights, 'earlier night')}, {counted(failures, 'failure')} open."
            told.tell(sentence, nights=nights, failures=failures, passed_over=len(memory.passed_over))
            told.extend(memory.passed_over)
        return memory

    def remember(
        self, composer: compose.Composer, reasons: Mapping[Failure, str], report: Report, folder: Path
    ) -> Posted:
        """Keep the night with its report in ``folder``; ``reasons`` are the sentences of its failures.

        A report that is made stays made where it could not be kept: that is told, and counts.
        """
        if self.archive is None:
            return NOTHING_POSTED
        tonight = self._tonight(composer, reasons, folder)
        with self.watch.stage("remember") as told:
            try:
                self.archive.remember(tonight, partial(render.archive_page, report))
                told.tell(f"kept as {self.order.run_id} in {self.archive.store.where}", kept=1)
            except ArchiveRefused as error:
                told.tell(str(error), kept=0)
                return Posted(problems=(str(error),))
        return NOTHING_POSTED

    def _tonight(self, composer: compose.Composer, reasons: Mapping[Failure, str], folder: Path) -> history.Tonight:
        rules = self.order.rulebook.rules
        return history.Tonight(
            night=composer.tonight,
            tool=composer.facts.tool,
            collected=not composer.coverage.nothing_collected,
            past=history.with_reasons(composer.facts.past, reasons),
            shards=lambda: (shard.frames for shard in composer.ledger.shards()),
            by_operation=frozenset(rule.id for rule in rules if history.FAILED_OPERATIONS in rule.columns()),
            reports=render.kept_files(folder),
        )

    def deliver(self, before: Posted, composer: compose.Composer, report: Report, folder: Path) -> Posted:
        """Send the letter in ``folder``; gives that together with what was posted ``before``.

        Who took it, and what went wrong, is written into run.json.
        """
        posted = before
        if report.letter and self.office.ways:
            with self.watch.stage("deliver") as told:
                sent = self.office.send(folder, report.letter.envelope)
                tell_posted(told, sent)
            posted += sent
        elif not posted.problems:
            return posted
        try:
            render.rewrite_run(composer.run(posted), folder)
        except OutputRefused as error:  # the report is there, and the letters are on their way
            posted += Posted(problems=(str(error),))
        return posted


def noting(findings: Callable[[], Iterable[Finding]], reasons: dict[Failure, str]) -> Iterator[Finding]:
    """The findings as they are told, while the sentences of failures are noted in ``reasons`` for later nights."""
    for finding in findings():
        if finding.status is Status.FAIL:
            reasons[finding.rule_id, finding.resource_id.lower()] = finding.reason
        yield finding
