"""Words: the message catalogue, the sentences of rules, and values as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from auditor.catalogue import Catalogue
from auditor.model.dataset import Column, Kind
from auditor.model.duration import write_duration
from auditor.model.rule import AllOf, AnyOf, Comparison, Condition, Words

_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))
_ABSENT = ("none", "unset")
"""Of columns that hold any text, the words for what was read and is not there."""


@dataclass(frozen=True)
class Wording(Catalogue):
    """The catalogue of one language, and how values are written in it. ``zone`` is an IANA name."""

    zone: str

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def words(self) -> Mapping[str, str]:
        """The fixed words of the designs; sources, kinds of machines and values have one name each in the report."""
        named = {
            f"{what}_{key}": word
            for what in ("source", "kind", "value")
            for key, word in self.sections[f"{what}s"].items()
        }
        return {**named, **self.sections["words"]}

    def table(self, name: str, part: str) -> str:
        return str(self.sections["tables"][name].get(part, ""))

    def label(self, column: str) -> str:
        """A column as a heading for people; columns without one of their own read as their name."""
        return str(self.sections["columns"].get(column, column.replace("_", " ").capitalize()))

    def meaning(self, key: str) -> str:
        """What a column of the workbook means; empty where the catalogue leaves it to the data set's declaration."""
        return str(self.sections["meanings"].get(key, ""))

    def declared(self, meaning: str) -> str:
        """What the data set declares in English, told in this language as far as its catalogue has it."""
        return str(self.sections["declared"].get(meaning, meaning))

    def unexplained(self, column: str, row: Mapping[str, object]) -> tuple[str, str]:
        """What it means that ``column`` is missing although everything was read, and what to do; may be empty.

        The catalogue's first entry whose other words (kind, availability, on) are those of ``row``.
        """
        for told in self.sections["unexplained"].get(column, ()):
            if all(row.get(name) == word for name, word in told.items() if name not in ("why", "fix")):
                return str(told["why"]), str(told["fix"])
        return "", ""

    def fix(self, fix: str, kind: str | None) -> str:
        """What to do, in the words for a kind of machine where the catalogue has some."""
        fixes = self.sections["fixes"]
        return str(fixes.get(f"{fix}.{kind}") or fixes[fix])

    def brief(self, fix: str) -> str:
        """What to do in one line, for a letter."""
        return self.say("briefs", fix)

    def portal_way(self, fix: str, kind: str | None) -> str:
        """The same in the Azure portal; empty where there is no way in it."""
        ways = self.sections["portal_ways"]
        return str(ways.get(f"{fix}.{kind}") or ways.get(fix) or "")

    def text_of(self, words: Words) -> str:
        return words.get(self.language) or words["en"]

    def moment(self, moment: datetime) -> str:
        """A time in the report's zone, to the minute, with the zone's name."""
        local = moment.astimezone(self._zone)
        return f"{self.minute(local)} {local.tzname()}"

    def shown(self, value: object) -> str:
        """One known value as people read it."""
        match value:
            case bool():
                return self.say("values", "yes" if value else "no")
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case timedelta():
                return self.span(value)
            case _:
                return str(self.filled(value))

    def word(self, word: str) -> str:
        """A word that data can bring (``enabled``, ``stopped``) as people read it; what is no such word stays."""
        return str(self.sections["values"].get(word, word))

    def told(self, column: Column, raw: Any) -> tuple[object, str]:
        """What a column tells, JSON-able for machines and as people read it.

        ``raw`` is its value, both its bounds, or for one tag the JSON text of all tags; None where it is not known.
        """
        return self.value(column, raw), self._as_read(column, raw)

    def value(self, column: Column, raw: Any) -> object:
        """The same for machines alone."""
        if column.name.startswith("tags."):
            return _tag(raw, column.name.removeprefix("tags."))
        if not column.bounds:
            return jsonable(raw)
        low, high = raw
        return jsonable(low) if low == high else {"low": jsonable(low), "high": jsonable(high)}

    def _as_read(self, column: Column, raw: Any) -> str:
        if column.name.startswith("tags."):
            tag = _tag(raw, column.name.removeprefix("tags."))
            return self.word(tag) if tag == "unset" else self._said(tag)
        if not column.bounds:
            return self._said(self.word(raw) if raw and (column.words or raw in _ABSENT) else raw)
        low, high = raw
        return self._said(low) if low == high else self._between(column, low, high)

    def _said(self, value: object) -> str:
        return self.say("texts", "unknown") if value is None else self.shown(value)

    def _between(self, column: Column, low: Any, high: Any) -> str:
        low_end, high_end = ("at_least", "at_most") if column.kind is Kind.DURATION else ("after", "before")
        if high is None:
            return self.say("texts", low_end, low=self.shown(low))
        if low is None:
            return self.say("texts", high_end, high=self.shown(high))
        return self.say("texts", "between", low=self.shown(low), high=self.shown(high))

    def condition(self, condition: Condition) -> str:
        """A condition as a rule or an exemption writes it: ``location equals japaneast, name matches web-*``."""
        match condition:
            case Comparison():
                return self.say(
                    "conditions", condition.operator, column=condition.column, value=self._listed(condition.value)
                )
            case AllOf():
                return self.listed(map(self.condition, condition.parts))
        parts = "; ".join(map(self.condition, condition.parts))
        return self.say("texts", "any_of" if isinstance(condition, AnyOf) else "none_of", parts=parts)

    def exact(self, value: object) -> str:
        """One value of a rule as people read it, with nothing rounded off: ``7 days``, and ``36h`` as it is written."""
        if isinstance(value, timedelta) and value % next((unit for unit in _UNITS if unit <= value), _UNITS[-1]):
            return write_duration(value)
        return self.shown(value)

    def _listed(self, value: object) -> str:
        return self.listed(map(self.exact, value)) if isinstance(value, tuple) else self.exact(value)


def _tag(tags: str | None, name: str) -> str | None:
    """A tag's value, ``unset`` where the machine has no such tag, None where its tags are not known."""
    if tags is None:
        return None
    pairs = {key.casefold(): str(value) for key, value in orjson.loads(tags).items()}
    return pairs.get(name.casefold(), "unset")


def jsonable(value: object) -> object:
    """Times as ISO 8601 text with Z, durations as rules write them (``12h``); the rest as it is."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    return value


def iso(moment: datetime) -> str:
    """Whole seconds are enough for people; the microseconds stay where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
