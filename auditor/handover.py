"""What a night takes over from earlier ones, and what it leaves behind: the archive of nights, and the letters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from auditor import compose, deliver, history, render
from auditor.errors import ArchiveRefused, OutputRefused
from auditor.model.memory import EMPTY, Failure, Memory
from auditor.model.narration import counted
from auditor.model.places import outbox_of
from auditor.model.posted import NOTHING_POSTED, Posted
from auditor.model.report import Portion, Report
from auditor.model.run import Order, Watch
from auditor.model.telling import tell_posted
from auditor.model.verdict import Status
from auditor.stores import Store, letters_wait


@dataclass(frozen=True)
class MadeReport:
    """The report as it lies in ``folder``, the composer who settled its words, and the sentence of each failure in it,
    for later nights."""

    composer: compose.Composer
    report: Report
    folder: Path
    reasons: Mapping[Failure, str]


@dataclass(frozen=True)
class Handover:
    """Between tonight and the other nights; ``archive`` is None where none are kept. ``pause`` waits, in seconds, and
    ``left`` tells how many of them the night has left for it."""

    order: Order
    watch: Watch
    archive: history.Archive | None
    pause: Callable[[float], None]
    left: Callable[[], float] = lambda: math.inf

    @cached_property
    def office(self) -> deliver.PostOffice:
        """No way out where this start delivers nothing."""
        ways = self.order.settings.deliver if self.order.deliver else ()
        beside = deliver.Beside(outbox_of(self.order.output))
        outbox = deliver.Outbox(beside, self._store)
        return deliver.PostOffice(ways, outbox, self._told_pause, self.left)

    @property
    def _store(self) -> Store | None:
        return self.archive.store if self.archive else None

    def _told_pause(self, seconds: float) -> None:
        """A quarter of an hour in which nothing was said would look like a night that hangs."""
        self.watch.narrator.waiting("letters", seconds, "before the mail server is asked again")
        self.pause(seconds)

    def send_kept(self) -> None:
        """What earlier starts could not send goes out before anything else. Each is tried once."""
        if letters_wait(self.order, self._store):
            with self.watch.stage("outbox") as told:
                self.office.empty(tries=1)
                tell_posted(told, self.office.posted)

    def recall(self) -> Memory:
        """What earlier nights left behind; nothing where none are kept. Raises ArchiveRefused."""
        if self.archive is None:
            return EMPTY
        with self.watch.stage("recall") as told:
            memory = self._not_lost(self.archive.recall(self.order.as_of, self.order.run_id))
            nights, failures = len(memory.nights), len(memory.failures)
            sentence = f"{counted(nights, 'earlier night')}, {counted(failures, 'failure')} open."
            told.tell(sentence, nights=nights, failures=failures, passed_over=len(memory.passed_over))
            told.extend(memory.passed_over)
        return memory

    def _not_lost(self, memory: Memory) -> Memory:
        """With a sentence where there is no earlier night, and the former report tells that there should be one: the
        disk of the archive is not there, perhaps, and what lies in its place is empty."""
        former = render.former_run(self.order.output)
        kept = "recall" in former.get("seconds", {}) and former["run_id"] != self.order.run_id
        if not kept or memory.nights or memory.passed_over:
            return memory
        told = (
            f"The archive holds no earlier night, though run {former['run_id']}, whose report lies in the output "
            "folder, had one to be kept in. If its folder, or the disk that it lies on, is away, bring it back."
        )
        return replace(memory, passed_over=(told,))

    def remember(self, made: MadeReport) -> Posted:
        """Keep the night with its report.

        A report that is made stays made where it could not be kept: that is told, and counts.
        """
        if self.archive is None:
            return NOTHING_POSTED
        tonight = self._tonight(made)
        with self.watch.stage("remember") as told:
            try:
                self.archive.remember(tonight, partial(render.archive_page, made.report))
                told.tell(f"kept as {self.order.run_id} in {self.archive.store.where}", kept=1)
            except ArchiveRefused as error:
                told.tell(str(error), kept=0)
                return Posted(problems=(str(error),))
        return NOTHING_POSTED

    def _tonight(self, made: MadeReport) -> history.Tonight:
        rules, composer = self.order.rulebook.rules, made.composer
        return history.Tonight(
            night=composer.tonight,
            tool=composer.facts.tool,
            collected=not composer.coverage.nothing_collected,
            past=history.with_reasons(composer.facts.past, made.reasons),
            shards=lambda: (shard.frames for shard in composer.ledger.shards()),
            by_operation=frozenset(rule.id for rule in rules if history.FAILED_OPERATIONS in rule.columns()),
            reports=render.kept_files(made.folder),
        )

    def deliver(self, made: MadeReport, before: Posted) -> Posted:
        """Put the report's letters into the outbox, and empty it; gives what was posted, with ``before``.

        Who took a letter, and what went wrong, is written into run.json.
        """
        if made.report.letter and self.office.ways:
            with self.watch.stage("deliver") as told:
                self.office.put(made.folder, made.report.letter.envelope)
                self.office.empty()
                tell_posted(told, self.office.posted)
        posted = before + self.office.posted
        posted = Posted(posted.receipts, tuple(dict.fromkeys(posted.problems)))
        if posted == NOTHING_POSTED:
            return posted
        try:
            render.rewrite_run(made.composer.run(posted), made.folder)
        except OutputRefused as error:  # the report is there, and the letters are on their way
            posted += Posted(problems=(str(error),))
        return posted

    def deliver_only(self, make: Callable[[], MadeReport]) -> None:
        """Send the letters of what ``make`` gives, where anybody is to have some; nothing else of it stays.

        Where the disk refuses it that is told, and ends nothing: what the letter was to say is graver.
        """
        if not self.office.ways:
            return
        try:
            made = make()
        except OutputRefused as error:
            self.watch.narrator.stage("deliver", f"No letter was sent. {error}")
            return
        self.deliver(made, NOTHING_POSTED)

    def finished(self) -> None:
        """To be called when no start can take the night up again: then what was sent to whom need not be known, by a
        start that delivers nothing either."""
        self.office.finished()


def noting(verdicts: Callable[[], Iterable[Portion]], reasons: dict[Failure, str]) -> Iterator[Portion]:
    """The verdicts as they are told, while the sentences of failures are noted in ``reasons`` for later nights."""
    for portion in verdicts():
        failing = (finding for finding in portion.findings if finding.status is Status.FAIL)
        reasons.update(((each.rule_id, each.resource_id.lower()), each.reason) for each in failing)
        yield portion
