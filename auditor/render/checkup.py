"""A checkup in the terminal, for people, and as JSON, for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from typing import TextIO

from auditor.catalogue import Catalogue
from auditor.model.checkup import Access, Checkup, Endpoint, Gap, State, Tried
from auditor.model.reading import Service, Source
from auditor.render.terminal import columns_of, encodable_in, paragraph, terminal_width
from auditor.render.text import one_line

_MOST_NAMED = 5
"""Subscriptions or scopes that one line names; how many more there are is told."""


def print_checkup(found: Checkup, stream: TextIO, language: str = "en") -> None:
    """The whole checkup as text, as wide as the terminal, the verdict last."""
    stream.write(encodable_in("\n".join(_Sheet(found, terminal_width(), Catalogue(language)).lines()) + "\n", stream))


def write_checkup(found: Checkup, stream: TextIO) -> None:
    """The same as one JSON object; ids and sources as the configuration and ``run.json`` write them."""
    told = asdict(found) | {"exit_code": int(found.exit_code)}
    stream.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class _Sheet:
    found: Checkup
    width: int
    catalogue: Catalogue

    def lines(self) -> Iterator[str]:
        yield from paragraph(self._say("title", rules=self.catalogue.listed(self.found.rules)), self.width)
        yield from self._identity()
        yield from self._endpoints()
        if self.found.tried:
            yield from self._subscriptions()
            yield from self._sources()
        yield from self._gaps("gaps", self.found.open_gaps)
        yield from self._gaps("aside", [gap for gap in self.found.gaps if gap not in self.found.open_gaps])
        yield ""
        yield from self._verdict()

    def _identity(self) -> Iterator[str]:
        yield from ("", self._say("identity"))
        told = self.found.identity
        nobody = any("identity" in gap.subjects for gap in self.found.gaps)
        for key in ("credential", "object_id", "tenant_id", "application_id"):
            unknown = self._say("nobody" if nobody or not self.found.tried else "not_told")
            if told.get(key) or (key == "object_id"):
                yield from self._row([self._say(key), told.get(key) or unknown], [_LABEL])

    def _endpoints(self) -> Iterator[str]:
        yield from ("", self._say("endpoints"))
        wide = max(columns_of(each.url) for each in self.found.endpoints)
        for each in self.found.endpoints:
            yield from self._row([self._say(each.name), each.url, self._reached(each)], [_LABEL, wide])

        yield from self._clock()

    def _clock(self) -> Iterator[str]:
        """How far this machine's clock is off; nothing where no answer told."""
        ahead = self.found.clock_ahead_s
        if ahead is not None:
            span = self.catalogue.span(timedelta(seconds=round(abs(ahead))))
            key = "clock_agrees" if abs(ahead) < 60 else "clock_ahead" if ahead > 0 else "clock_behind"
            yield from self._row([self._say("clock"), self._say(key, span=span)], [_LABEL])

    def _reached(self, endpoint: Endpoint) -> str:
        return self._say("not_reached" if endpoint.reason else "reached")

    def _subscriptions(self) -> Iterator[str]:
        listed = self.found.subscriptions
        counts = Counter(each.access for each in listed)
        told = [self._say(access, count=counts[access]) for access in Access if counts[access]]
        if delegated := sum(each.delegated for each in listed):
            told.append(self._say("delegated", count=delegated))
        text = self._say("subscriptions", counts=self.catalogue.listed(told) or self._say("no_subscriptions"))
        yield from ("", *paragraph(text, self.width))
        for access in Access:
            of_them = [each for each in listed if each.access is access]
            for each in of_them[:_MOST_NAMED]:
                label = self._say(f"label_{access}")
                yield from self._row([label, each.id, each.name or ""], [_LABEL, len(each.id)])
            if len(of_them) > _MOST_NAMED:
                yield from self._row(["", self._say("more_of_them", count=len(of_them) - _MOST_NAMED)], [_LABEL])

    def _sources(self) -> Iterator[str]:
        yield from ("", self._say("sources"))
        shown = [each for each in self.found.tried if self._readable or each.state is not State.UNTRIED]
        labels = [self._name(each.source) for each in shown]
        wide = max(map(columns_of, labels))
        services = [self._say(f"by_{each.by}") if each.by else "" for each in shown]
        by = max(map(columns_of, services))
        for label, service, each in zip(labels, services, shown, strict=True):
            yield from self._row([label, service, self._answer(each)], [wide, by])
        if others := len(self.found.tried) - len(shown):
            yield from paragraph(self._say("others_untried", count=others), self.width, "  ")
        yield from self._samples()

    @cached_property
    def _readable(self) -> int:
        return sum(each.access is Access.READABLE for each in self.found.subscriptions)

    def _samples(self) -> Iterator[str]:
        there = self._readable + sum(each.access is Access.REFUSED for each in self.found.subscriptions)
        told = (("rights_sampled", self.found.rights_asked, there), ("sampled", self.found.sampled, self._readable))
        for key, asked, whole in told:
            if asked < whole:
                yield from paragraph(self._say(key, asked=asked, all=whole), self.width, "  ")

    def _answer(self, tried: Tried) -> str:
        state = self._say(tried.state)
        if tried.state is State.ANSWERS:
            return f"{state}: {self._told(tried)}"
        if tried.state is State.PARTLY:
            return f"{state}: {self._say('of', answered=tried.answered, asked=tried.asked)}"
        return state

    def _told(self, tried: Tried) -> str:
        """What was seen of it: enough to believe that it answers."""
        source = Source.SUBSCRIPTIONS if tried.source is Source.MANAGEMENT_GROUPS else tried.source
        key = f"rows_{source}"
        if key not in self._texts or tried.by is Service.RESOURCE_GRAPH:
            key = "rows_table"
        if source is Source.HEARTBEATS and not tried.rows:
            return self._say("no_heartbeats")
        told = {"rows": tried.rows, "count": tried.answered, "region": tried.scopes[0].split("/")[0]}
        return self._say(key, **told)

    def _gaps(self, title: str, gaps: Sequence[Gap]) -> Iterator[str]:
        said = self.catalogue.said
        if gaps:
            yield from ("", self._say(title))
        for number, gap in enumerate(gaps, start=1):
            subjects = self.catalogue.listed(map(self._name, gap.subjects))
            yield from paragraph(subjects, self.width, f"  {number}. ")
            if gap.scopes:
                yield from self._fact("where", self.catalogue.listed(self._places(gap.scopes)))
            yield from self._fact("why", self._say("sentence", reason=said(gap.reason).rstrip(".")))
            for attempt in gap.attempts:
                yield from self._fact("tried_also", said(attempt))
            yield from self._fact("do", self._remedy(gap))

    def _remedy(self, gap: Gap) -> str:
        aside = [self._say("accepted")] if gap.accepted else [self._say("slower")] if gap.instead else []
        return " ".join([self.catalogue.said(gap.close), *(self._say("aside_note", note=each) for each in aside)])

    def _places(self, scopes: Sequence[str]) -> Iterator[str]:
        names = {each.id.lower(): each.name for each in self.found.subscriptions}
        for scope in scopes[:_MOST_NAMED]:
            name = names.get(scope.lower())
            named = self.catalogue.say("texts", "beside", name=name, beside=scope)
            yield named if name else self._texts.get(scope, scope)
        if len(scopes) > _MOST_NAMED:
            yield self._say("more_of_them", count=len(scopes) - _MOST_NAMED)

    def _fact(self, key: str, text: str) -> Iterable[str]:
        label = self._say(key)
        return paragraph(text, self.width, f"     {label}{' ' * max(12 - columns_of(label), 1)}")

    def _verdict(self) -> Iterator[str]:
        number = len(self.found.open_gaps)
        key = "gaps_found" if number else "all_well"
        if number and not self._readable:
            key = "nothing_asked"
        elif any(gap.subjects == ("archive",) for gap in self.found.open_gaps):
            key = "not_begun"
        elif number and all(gap.subjects == ("smtp",) for gap in self.found.open_gaps):
            key = "not_sent"
        elif number and all(gap.subjects == ("clock",) for gap in self.found.open_gaps):
            key = "not_trusted"
        if any("role" in gap.close for gap in self.found.open_gaps):
            yield from paragraph(self._say("least_role"), self.width)
        yield from paragraph(self._say(key, count=number), self.width)

    def _name(self, subject: str) -> str:
        """A source or another subject of a gap, in the words of the report."""
        return self.catalogue.sections["sources"].get(subject) or self._say(f"subject_{subject}")

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
        """Cells in columns; the last one goes on under itself."""
        *columned, last = map(one_line, cells)
        padded = (f"{cell}{' ' * (wide - columns_of(cell) + 2)}" for cell, wide in zip(columned, widths, strict=True))
        head = f"  {''.join(padded)}"
        return paragraph(last, self.width, head) if last else [head.rstrip()]

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        texts: Mapping[str, str] = self.catalogue.sections["checkup"]
        return texts

    def _say(self, key: str, **values: object) -> str:
        return self.catalogue.say("checkup", key, **values)


_LABEL = 16
