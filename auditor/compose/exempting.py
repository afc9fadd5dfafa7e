"""How each exemption stands tonight: what it excuses, and which of them somebody should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from auditor.compose.coverage import LISTS, READ, Coverage
from auditor.model.exempting import can_name_rows
from auditor.model.reading import Source
from auditor.model.resource_id import holder_in, subject_in
from auditor.model.rule import Exemption, Rule
from auditor.model.scopes import Subject
from auditor.model.verdict import Status

_LISTS_OF: Mapping[Subject | None, tuple[Source, ...]] = {
    Subject.ARC: (Source.ARC_MACHINES,),
    Subject.SCALE_SET: (Source.SCALE_SETS,),
    Subject.UNIFORM: (Source.SCALE_SETS,),
    Subject.VM: (Source.VIRTUAL_MACHINES, Source.SCALE_SETS),
}
"""By what its id is the id of: the lists of a subscription in which a resource would have been seen."""


class Outcome(StrEnum):
    """What came of an exemption tonight; the words of each are in the catalogue."""

    EXPIRED_OPEN = "expired_open"
    EXPIRED = "expired"
    RULE_DISABLED = "rule_disabled"
    RULE_NOT_RUN = "rule_not_run"
    EXCUSES = "excuses"
    ANOTHER_EXCUSES = "another_excuses"
    NOT_NEEDED = "not_needed"
    NOTHING_FAILS = "nothing_fails"
    FORM = "form"
    NOT_KNOWN = "not_known"
    NOT_READ = "not_read"
    OUT_OF_SCOPE = "out_of_scope"
    MATCHES_NOTHING = "matches_nothing"


_LISTED: Mapping[str, tuple[Outcome, ...]] = {
    "expired": (Outcome.EXPIRED, Outcome.EXPIRED_OPEN),
    "unmatched": (Outcome.MATCHES_NOTHING, Outcome.FORM),
    "unneeded": (Outcome.NOT_NEEDED,),
    "untried": (
        *(Outcome.RULE_DISABLED, Outcome.RULE_NOT_RUN),
        *(Outcome.NOT_KNOWN, Outcome.NOT_READ, Outcome.OUT_OF_SCOPE),
    ),
}
"""By list the outcomes that bring an exemption into it; into ``expiring`` its last day brings it."""


@dataclass(frozen=True)
class Found:
    """What was found of one exemption. ``excuses``: findings; ``failing``: those that it names, whoever excuses them;
    ``passing`` of all ``named`` verdicts; ``perhaps``: verdicts of which it is not known whether it names them;
    ``unread``: subscriptions that may hold what it names, and whose machines were not all listed."""

    excuses: int
    failing: int
    passing: int
    named: int
    perhaps: int
    unread: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Of one that names something. It is not needed only where all that it may name was seen to pass."""
        if self.excuses:
            return Outcome.EXCUSES
        if self.failing:
            return Outcome.ANOTHER_EXCUSES
        seen_whole = not self.perhaps and not self.unread
        return Outcome.NOT_NEEDED if seen_whole and self.passing == self.named else Outcome.NOTHING_FAILS


@dataclass(frozen=True)
class Standing:
    """One exemption, what was found of it, and what came of it."""

    exemption: Exemption
    found: Found
    outcome: Outcome


@dataclass(frozen=True)
class Exempting:
    """The exemptions of the night. ``rules`` are the enabled ones; ``reach``: the subscriptions (ids in lower case) in
    which each exemption may name something, empty where that was not asked."""

    exemptions: Sequence[Exemption]
    rules: Sequence[Rule]
    not_run: Collection[str]
    reach: Sequence[frozenset[str]]
    coverage: Coverage

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """In the order of the file."""
        return tuple(self._standing(position, each) for position, each in enumerate(self.exemptions))

    def listed(self, name: str) -> list[Standing]:
        """Those of one of the ``EXEMPTION_LISTS``."""
        if name == "expiring":
            return [each for each in self.standings if each.exemption.expires_soon(self.coverage.today)]
        return [each for each in self.standings if each.outcome in _LISTED[name]]

    # --- what came of one ---

    def _standing(self, position: int, exemption: Exemption) -> Standing:
        tally = self.coverage.ledger.tally
        named = Counter({status: tally.named[position, status] for status in Status})
        found = Found(
            excuses=self._excused[position],
            failing=named[Status.FAIL] + named[Status.EXEMPT],
            passing=named[Status.PASS],
            named=named.total(),
            perhaps=tally.perhaps[position],
            unread=self._unread(position, exemption),
        )
        return Standing(exemption, found, self._outcome(position, exemption, found))

    def _outcome(self, position: int, exemption: Exemption, found: Found) -> Outcome:
        """What came of it, the first that holds."""
        rule = next((each for each in self.rules if each.id == exemption.rule), None)
        if not exemption.in_force(self.coverage.today):
            return Outcome.EXPIRED_OPEN if found.failing else Outcome.EXPIRED
        if rule is None:
            return Outcome.RULE_DISABLED
        if rule.id in self.not_run:
            return Outcome.RULE_NOT_RUN
        if found.named:
            return found.outcome
        if exemption.resource is not None and not can_name_rows(exemption.resource, rule.frame):
            return Outcome.FORM
        if found.perhaps:
            return Outcome.NOT_KNOWN
        if found.unread:
            return Outcome.NOT_READ
        return Outcome.MATCHES_NOTHING if self._within(position) else Outcome.OUT_OF_SCOPE

    @cached_property
    def _excused(self) -> Counter[int]:
        """Findings by the exemption that excuses them: the first in force of those that name it."""
        counts: Counter[int] = Counter()
        for together, number in self.coverage.ledger.tally.excused.items():
            first = next(each for each in together if self.exemptions[each].in_force(self.coverage.today))
            counts[first] += number
        return counts

    # --- what was not read ---

    def _within(self, position: int) -> frozenset[str]:
        """The subscriptions in scope in which it may name something."""
        everywhere = frozenset(self.coverage.states)
        return everywhere & self.reach[position] if self.reach else everywhere

    def _unread(self, position: int, exemption: Exemption) -> tuple[str, ...]:
        """Of those, the ones whose machines were not all listed."""
        lists = _lists_of(exemption.resource)
        return tuple(sorted(each for each in self._within(position) if not self._listed_whole(each, lists)))

    def _listed_whole(self, subscription: str, lists: Sequence[Source]) -> bool:
        told = self.coverage.ledger.tally.of_subscription
        answers = [told[source, subscription] for source in lists if (source, subscription) in told]
        read = self.coverage.states[subscription] in READ
        return read and bool(answers) and all(row["complete"] == "yes" for row in answers)


def _lists_of(resource: str | None) -> tuple[Source, ...]:
    if resource is None:
        return LISTS
    bare = resource.rstrip("/")
    return _LISTS_OF.get(subject_in(holder_in(bare) or bare), LISTS)
