"""The letter of a night: subject, what is new first, and how much of the report has room in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from auditor.compose.coverage import READ, Coverage, subscription_of
from auditor.compose.wording import Wording
from auditor.model.delivery import When
from auditor.model.files import READABLE
from auditor.model.letter import Bar, Chart, Count, Envelope, Letter, Part
from auditor.model.report import Changed, Night, Report
from auditor.model.run import Order
from auditor.model.verdict import Severity, Status

MOST = {"new": 12, "changed": 6, "still": 6, "fixed": 12}
"""Findings of a letter by what has become of them."""
RULES, OF_RULE = 6, 3
"""Without an earlier night: so many rules, and so many of the failures of each."""
GAPS = 4
BARS, NIGHTS = 12, 30
"""Rules and nights of a chart."""
_DRAWN = (Status.FAIL, Status.UNANSWERED, Status.PENDING, Status.EXEMPT, Status.PASS)
_OF_NIGHTS = (Status.FAIL, Status.UNANSWERED)
_TONES = {"new": "bad", "changed": "bad", "still": "bad", "fixed": "good"}


@dataclass(frozen=True)
class Correspondent:
    """Writes the letter of ``report``."""

    report: Report
    order: Order
    coverage: Coverage
    wording: Wording

    def letter(self) -> Letter:
        banner = self.report.banner
        lines = banner.lines if banner else ()
        return Letter(
            envelope=self._envelope(),
            preview=self.wording.prose((*self._told(), self.report.headline, self.report.summary))[:200],
            date=self.wording.moment(self.report.as_of),
            changed=self.report.changed.sentence if self.report.changed else "",
            counts=tuple(self._counts()),
            gaps=lines[:GAPS],
            gaps_left_out=self._counted("gaps_more", len(lines) - GAPS) if len(lines) > GAPS else "",
            parts=tuple(self._parts()),
            charts=tuple(chart for chart in (self._trend(), self._by_rule()) if _holds_any(chart)),
            link=self.order.settings.report.link,
            closing=tuple(self._closing()),
        )

    # --- the envelope ---

    def _envelope(self) -> Envelope:
        say = self.wording.say
        files = [name for key, name in READABLE.items() if key in self.order.formats]
        beside = say("letter", "beside", files=self.wording.listed(files)) if files else say("letter", "beside_nothing")
        elsewhere = say("letter", "elsewhere")
        if not self.order.formats:  # a night that was refused for its clock
            beside = elsewhere = say("letter", "no_report")
        return Envelope(
            run_id=self.order.run_id,
            subject=self.subject(),
            occasions=self._occasions(),
            beside=beside,
            attached=say("letter", "attached"),
            left_off=say("letter", "left_off"),
            too_large=say("letter", "too_large"),
            elsewhere=elsewhere,
        )

    def subject(self) -> str:
        """The verdict, what is new and what could not be read, then the report's title: what is cut off is the title.

        One line of characters that can be shown, whatever the title holds: nothing in it can begin another header.
        """
        say, verdict = self.wording.say, self.wording.listed(self._verdict())
        told = next((say("letter", "told", verdict=verdict, unread=unread) for unread in self._unread()), verdict)
        title = " ".join("".join(each if each.isprintable() else " " for each in self.report.title).split())
        return say("letter", "subject", told=told, title=title)

    def _verdict(self) -> Iterator[str]:
        if self.report.changed and not self.coverage.nothing_collected:
            counts = self.report.changed.counts
            yield self._counted("new", counts.get("new", 0))
            yield from (self._counted(key, counts[key]) for key in ("changed", "still", "fixed") if counts.get(key))
        elif self.coverage.failing:
            yield self._counted("failing", self._failing, machines=self._counted("machines", self.coverage.failing))
        else:
            yield self.report.headline

    def _unread(self) -> Iterator[str]:
        """Of what could not be read the greatest: subscriptions, else questions; what is accepted is not news."""
        if self.coverage.nothing_collected or not self.coverage.open_gaps:
            return
        with_gaps = {subscription_of(gap.scope) for gap in self.coverage.open_gaps}
        unread = sum(1 for each, state in self.coverage.states.items() if state not in READ and each in with_gaps)
        questions = self._counted("unanswered", len(self.coverage.open_gaps))
        yield self._counted("unread", unread) if unread else questions

    def _told(self) -> Iterator[str]:
        if self.report.changed:
            yield self.report.changed.sentence

    def _occasions(self) -> frozenset[When]:
        """A night that could read nothing is every occasion: nobody waits for that letter in vain."""
        if self.coverage.nothing_collected:
            return frozenset(When)
        changed = self.report.changed
        held = {
            When.ALWAYS: True,
            When.FAILURES: bool(self._failing),
            When.NEW_FAILURES: bool(self._new(changed) if changed else self._failing),
            When.INCOMPLETE: bool(self.coverage.open_gaps),
        }
        return frozenset(when for when, holds in held.items() if holds)

    @staticmethod
    def _new(changed: Changed) -> int:
        return changed.counts.get("new", 0) + changed.counts.get("changed", 0)

    # --- what it holds ---

    @cached_property
    def _failing(self) -> int:
        return sum(rule.counts.get(Status.FAIL, 0) for rule in self.report.rules)

    def _counts(self) -> Iterator[Count]:
        number = self.wording.number
        if not self.coverage.nothing_collected:
            yield from (Count(card.label, number(card.value), card.tone) for card in self.report.cards)

    def _parts(self) -> Iterator[Part]:
        """What is new comes first; without an earlier night what fails, rule by rule."""
        if not self.report.changed:
            yield from self._parts_by_rule()
            return
        for change, most in MOST.items():
            total = self.report.changed.counts.get(change, 0)
            if total:
                status = None if change == "fixed" else Status.FAIL
                heading = self._counted(f"part_{change}", total)
                left = self._more(total - most)
                brief, first = change == "fixed", change in ("new", "changed")
                yield Part(heading, _TONES[change], status, change, None, total, most, left, brief, first)

    def _parts_by_rule(self) -> Iterator[Part]:
        failing = [rule for rule in self.report.rules if rule.counts.get(Status.FAIL)]
        ordered = sorted(failing, key=lambda rule: (list(Severity).index(rule.severity), rule.id))
        for rule in ordered[:RULES]:
            total = rule.counts[Status.FAIL]
            heading = self._counted("part_rule", total, rule=rule.id, title=rule.title)
            yield Part(heading, "bad", Status.FAIL, None, rule.id, total, OF_RULE, self._more(total - OF_RULE))
        if others := ordered[RULES:]:
            total = sum(rule.counts[Status.FAIL] for rule in others)
            names = self.wording.listed(rule.id for rule in others[:BARS]) + (" …" if len(others) > BARS else "")
            heading = self._counted("part_others", len(others))
            left = self._counted("more_of_rules", total, rules=names)
            yield Part(heading, "bad", Status.FAIL, None, None, total, 0, left)

    def _more(self, count: int) -> str:
        return self._counted("more", count) if count > 0 else ""

    # --- charts ---

    def _by_rule(self) -> Chart:
        """The rules with most failures; none where nothing was judged."""
        judged = [rule for rule in self.report.rules if any(rule.counts.get(status) for status in _DRAWN)]
        worst = sorted(judged, key=lambda rule: -rule.counts.get(Status.FAIL, 0))[:BARS]
        bars = tuple(
            self._bar(rule.id, [(status, rule.counts.get(status, 0)) for status in _DRAWN])
            for rule in judged
            if rule in worst
        )
        return self._chart("by_rule", bars, upright=False)

    def _trend(self) -> Chart:
        """Nothing where there is but one night: a point is no trend."""
        nights = self.report.nights[-NIGHTS:] if len(self.report.nights) > 1 else ()
        bars = tuple(
            self._bar(label, [(status, night.counts.get(status, 0)) for status in _OF_NIGHTS], unread=night.unread)
            for label, night in zip(self._days(nights), nights, strict=True)
        )
        return self._chart("trend", bars, upright=True)

    def _days(self, nights: Sequence[Night]) -> Sequence[str]:
        """Days in digits, for whatever font there is; with the time where one day has two nights."""
        local = [night.as_of.astimezone(ZoneInfo(self.report.time_zone)) for night in nights]
        days = [f"{moment:%m-%d}" for moment in local]
        return days if len(set(days)) == len(days) else [f"{moment:%m-%d %H:%M}" for moment in local]

    def _chart(self, key: str, bars: Sequence[Bar], *, upright: bool) -> Chart:
        return Chart(key, self.wording.say("letter", f"chart_{key}"), tuple(bars), upright)

    def _bar(self, label: str, counts: Sequence[tuple[Status, int]], *, unread: bool = False) -> Bar:
        say, wording = self.wording.say, self.wording
        parts = [
            say("summaries", "part", count=count, word=say("statuses", status).lower())
            for status, count in counts
            if count
        ]
        told = say("archive", "nothing") if unread else wording.listed(parts) or wording.number(0)
        return Bar(label, say("letter", "bar", label=label, parts=told), counts)

    def _closing(self) -> Iterator[str]:
        say = self.wording.say
        yield say("letter", "scope", scope=self.report.subtitle, zone=self.report.time_zone)
        yield say("letter", "made_by", tool=self.report.run["tool"], run_id=self.order.run_id)

    def _counted(self, key: str, count: int, **values: object) -> str:
        """A text of the letter in the form that goes with ``count``."""
        return self.wording.say("letter", "new_none" if key == "new" and not count else key, count=count, **values)


def _holds_any(chart: Chart) -> bool:
    """Nights that could judge nothing have no bar to draw."""
    return any(count for bar in chart.bars for _status, count in bar.counts)
