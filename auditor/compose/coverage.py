"""What was seen and what was not: gaps, who accepted them, and how far each subscription was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from auditor.compose.ledger import Ledger
from auditor.compose.places import Places
from auditor.compose.wording import Wording
from auditor.model.reading import Row, Source
from auditor.model.scopes import Cut
from auditor.model.settings import AcceptedGap, Scope

_REFUSED = (401, 403)
LISTS = (Source.VIRTUAL_MACHINES, Source.SCALE_SETS, Source.ARC_MACHINES)
"""The lists that say together which machines a subscription has."""
STATES = ("yes", "empty", "partly", "unread", "refused", "disabled", "missing")
"""How far a subscription was read."""
READ = frozenset({"yes", "empty", "partly"})


@dataclass(frozen=True)
class Gap:
    """A question that was not fully answered; ``accepted`` is the entry of the configuration that accepts it."""

    source: Source
    scope: str
    status: int | None
    reason: str
    close: str
    accepted: AcceptedGap | None


@dataclass(frozen=True)
class Coverage:
    """The night's coverage, counted once."""

    ledger: Ledger
    scope: Scope
    wording: Wording
    today: date

    @cached_property
    def places(self) -> Places:
        return Places(self.ledger, self.wording)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Every reading that is not complete, by source and scope."""
        found = map(self._gap, self.ledger.tally.gaps)
        return tuple(sorted(found, key=lambda gap: (list(Source).index(gap.source), gap.scope)))

    def _gap(self, row: Row) -> Gap:
        source, scope, status = Source(str(row["source"])), str(row["scope"]), row["status"]
        accepted = (entry for entry in self.scope.accepted_gaps if entry.accepts(source, scope, self.today))
        reason, close = (str(row[name] or "") for name in ("reason", "close"))
        return Gap(source, scope, status if isinstance(status, int) else None, reason, close, next(accepted, None))

    @cached_property
    def open_gaps(self) -> tuple[Gap, ...]:
        return tuple(gap for gap in self.gaps if gap.accepted is None)

    def accepted_lines(self) -> Iterator[str]:
        """A sentence for each entry that accepts something tonight: what nobody saw is told, accepted or not."""
        for entry, gaps in self._accepted.items():
            told = {"owner": entry.owner, "until": self.wording.day(entry.until), "reason": _clause(entry.reason)}
            where = self.places.some(dict.fromkeys(gap.scope for gap in gaps))
            yield self.wording.say("summaries", "accepted", count=len(gaps), where=where, **told)

    @cached_property
    def _accepted(self) -> Mapping[AcceptedGap, list[Gap]]:
        found: dict[AcceptedGap, list[Gap]] = {}
        for gap in self.gaps:
            if gap.accepted:
                found.setdefault(gap.accepted, []).append(gap)
        return found

    def accepted_gaps(self) -> Iterator[tuple[AcceptedGap, int, str]]:
        """Each entry of the configuration, how many gaps it accepts tonight, and the key of its standing."""
        for entry in self.scope.accepted_gaps:
            count = len(self._accepted.get(entry, ()))
            if self.today > entry.until:
                meant = any(entry.means(gap.source, gap.scope) for gap in self.gaps)
                yield entry, count, "expired_open" if meant else "expired"
            elif count:
                yield entry, count, "in_force"
            else:
                yield entry, count, "matches_nothing"

    # --- subscriptions ---

    @cached_property
    def subscriptions(self) -> Mapping[str, list[str]]:
        """Ids for run.json: expected, seen, refused, disabled, missing."""
        states = {state: sorted(each for each, found in self.states.items() if found == state) for state in STATES}
        return {
            "expected": sorted({*self.scope.subscriptions, *self.scope.expected_subscriptions}),
            "seen": sorted(self._listed),
            **{state: states[state] for state in ("refused", "disabled", "missing")},
        }

    @cached_property
    def states(self) -> Mapping[str, str]:
        """For each subscription in scope, by id in lower case, how far it was read: a word of ``STATES``."""
        asked = (scope for source, scope in self.ledger.tally.of_subscription if source is Source.SUBSCRIPTIONS)
        return {scope: self._state(scope) for scope in sorted(asked) if scope != Cut.TENANT}

    @cached_property
    def _listed(self) -> set[str]:
        """The subscriptions that the identity can see and that are in scope."""
        return {scope for scope in self.states if scope in self.ledger.subscriptions}

    def _state(self, subscription: str) -> str:
        told = self.ledger.tally.of_subscription
        if subscription not in self.ledger.subscriptions:
            return "missing"
        if told[Source.SUBSCRIPTIONS, subscription]["complete"] == "no":
            return "disabled"
        lists = [told[source, subscription] for source in LISTS if (source, subscription) in told]
        if lists and not any(row["rows"] or row["complete"] == "yes" for row in lists):
            return "refused" if any(row["status"] in _REFUSED for row in lists) else "unread"
        if subscription in self._with_gaps:
            return "partly"
        return "yes" if subscription in self.machines else "empty"

    @cached_property
    def _with_gaps(self) -> set[str]:
        """The subscriptions of which something was not read."""
        return {subscription_of(gap.scope) for gap in self.gaps}

    @cached_property
    def read(self) -> int:
        """Subscriptions whose machines were listed, wholly or in part."""
        return sum(1 for state in self.states.values() if state in READ)

    @cached_property
    def listed_wholly(self) -> int:
        """Subscriptions whose machines were all listed, the instances of their scale sets too."""
        partly = {subscription_of(gap.scope) for gap in self.gaps if gap.source in (*LISTS, Source.SCALE_SET_INSTANCES)}
        return sum(1 for scope, state in self.states.items() if state in READ and scope not in partly)

    @property
    def nothing_collected(self) -> bool:
        """No subscription's machines could be listed, not even a part of them."""
        return self.read == 0

    # --- machines ---

    @cached_property
    def machines(self) -> Mapping[str, Counter[str]]:
        """By subscription: machines listed, those with unread extensions, without an agent, and failing; scale sets."""
        found: dict[str, Counter[str]] = {}
        for alike, count in self.ledger.tally.machines.items():
            counter = found.setdefault(alike.subscription, Counter())
            counter["listed"] += count
            counter["unread"] += count * alike.unread
            counter["without_agent"] += count * alike.without_agent
            counter["failing"] += count * alike.failing
        for scale_sets, count in self.ledger.tally.scale_sets.items():
            found.setdefault(scale_sets.subscription, Counter())["scale_sets"] += count
        return found

    @cached_property
    def kinds(self) -> Counter[str]:
        """Machines by kind; models are none."""
        found: Counter[str] = Counter()
        for alike, count in self.ledger.tally.machines.items():
            found[alike.kind] += count
        return found

    @property
    def failing(self) -> int:
        """Machines that fail at least one rule."""
        return sum(counter["failing"] for counter in self.machines.values())

    # --- for run.json and the banner ---

    def gaps_for_run(self) -> list[dict[str, object]]:
        return [
            {
                "source": str(gap.source),
                "scope": gap.scope,
                "status": gap.status,
                "reason": gap.reason,
                "close": gap.close,
                "accepted": gap.accepted is not None,
            }
            for gap in self.gaps
        ]

    def banner_lines(self) -> Iterator[str]:
        """A line for each scope with a gap; gaps of one source with one reason are one line, however many they are."""
        alone: dict[str, list[Gap]] = {}
        for gaps in self._alike:
            if len(gaps) == 1:
                alone.setdefault(gaps[0].scope, []).extend(gaps)
        yield from (self._line_of(scope, gaps) for scope, gaps in alone.items())
        yield from (self._line_of_many(gaps) for gaps in self._alike if len(gaps) > 1)

    @cached_property
    def _alike(self) -> Sequence[list[Gap]]:
        """The open gaps of one source with one reason and one remedy; and, as a remedy names the resource group, those
        with one reason in one subscription: a right that is missing there would be told once a group."""
        one_remedy: dict[tuple[Source, str, str], list[Gap]] = {}
        for gap in self.open_gaps:
            one_remedy.setdefault((gap.source, gap.reason, gap.close), []).append(gap)
        found: dict[tuple[Source, str, str], list[Gap]] = {}
        for (source, reason, close), gaps in one_remedy.items():
            within = {subscription_of(gap.scope) for gap in gaps}
            where = within.pop() if len(within) == 1 else close
            found.setdefault((source, reason, where), []).extend(gaps)
        return tuple(found.values())

    def _line_of(self, scope: str, gaps: Sequence[Gap]) -> str:
        """What one scope did not answer; where it is much, the reason of the machine list stands for the others."""
        told_of = min(gaps, key=lambda gap: gap.source is not Source.VIRTUAL_MACHINES)
        what = self.wording.listed(self.wording.say("sources", gap.source) for gap in gaps)
        told = {"where": self.places.label(scope), "what": what, "count": len(gaps), **self._told(told_of)}
        return self.wording.say("banner", "line" if len(gaps) == 1 else "scope", **told)

    def _line_of_many(self, gaps: Sequence[Gap]) -> str:
        names = self.places.some(gap.scope for gap in gaps)
        told = {"what": self.wording.say("sources", gaps[0].source), "count": len(gaps), "names": names}
        if len({gap.close for gap in gaps}) == 1:
            return self.wording.say("banner", "group", **told, **self._told(gaps[0]))
        where = self.places.subscription(subscription_of(gaps[0].scope))
        return self.wording.say("banner", "groups", where=where, **told, **self._told(gaps[0]))

    def _told(self, gap: Gap) -> dict[str, str]:
        return {"reason": _clause(self.wording.said(gap.reason)), "close": self.wording.said(gap.close)}


def _clause(sentence: str) -> str:
    """A sentence to stand within another one."""
    return sentence.rstrip(".。")


def subscription_of(scope: str) -> str:
    """The subscription that a scope lies in, for resource ids; a scope that is none is returned as it is."""
    return scope.split("/")[2] if scope.startswith("/subscriptions/") else scope
