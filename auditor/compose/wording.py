"""Words: the message catalogue, the sentences of rules, and values as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import yaml

from auditor.model.dataset import Column, Kind
from auditor.model.duration import write_duration
from auditor.model.rule import AllOf, AnyOf, Comparison, Condition, Words
from auditor.resources import reports_folder

_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


@dataclass(frozen=True)
class Wording:
    """The catalogue of one language, and how values are written in it. ``zone`` is an IANA name."""

    language: str
    zone: str

    @cached_property
    def _catalogue(self) -> dict[str, dict[str, Any]]:
        path = reports_folder() / f"{self.language}.yaml"
        loaded: dict[str, dict[str, Any]] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        return loaded

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def words(self) -> Mapping[str, str]:
        """The fixed words of the designs; sources and kinds of machines have one name each in the whole report."""
        sources, kinds = (
            {f"{what}_{key}": word for key, word in self._catalogue[f"{what}s"].items()} for what in ("source", "kind")
        )
        return {**sources, **kinds, **self._catalogue["words"]}

    def say(self, section: str, key: str, **values: object) -> str:
        """A text of the catalogue with its values filled in. Raises KeyError for a text that is not there."""
        text = str(self._catalogue[section][key])
        return text.format(**values) if values else text

    def table(self, name: str, part: str) -> str:
        return str(self._catalogue["tables"][name].get(part, ""))

    def label(self, column: str) -> str:
        """A column as a heading for people; columns without one of their own read as their name."""
        return str(self._catalogue["columns"].get(column, column.replace("_", " ").capitalize()))

    def unexplained(self, column: str, row: Mapping[str, object]) -> tuple[str, str]:
        """What it means that ``column`` is missing although everything was read, and what to do; may be empty.

        The catalogue's first entry whose other words (kind, availability, on) are those of ``row``.
        """
        for told in self._catalogue["unexplained"].get(column, ()):
            if all(row.get(name) == word for name, word in told.items() if name not in ("why", "fix")):
                return str(told["why"]), str(told["fix"])
        return "", ""

    def fix(self, fix: str, kind: str | None) -> str:
        """What to do, in the words for a kind of machine where the catalogue has some."""
        fixes = self._catalogue["fixes"]
        return str(fixes.get(f"{fix}.{kind}") or fixes[fix])

    def brief(self, fix: str) -> str:
        """What to do in one line, for a letter."""
        return self.say("briefs", fix)

    def portal_way(self, fix: str, kind: str | None) -> str:
        """The same in the Azure portal; empty where there is no way in it."""
        ways = self._catalogue["portal_ways"]
        return str(ways.get(f"{fix}.{kind}") or ways.get(fix) or "")

    def number(self, number: int) -> str:
        """A whole number as people read it."""
        return f"{number:,}"

    def text_of(self, words: Words) -> str:
        return words.get(self.language) or words["en"]

    def moment(self, moment: datetime) -> str:
        """A time in the report's zone, to the minute, with the zone's name."""
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M %Z")

    def span(self, duration: timedelta) -> str:
        seconds = duration.total_seconds()
        if seconds >= 86_400 or seconds == 0:
            days = int(seconds // 86_400)
            return self.say("texts", "day") if days == 1 else self.say("texts", "days", count=days)
        if seconds >= 3_600:
            return self.say("texts", "hours", count=int(seconds // 3_600))
        return self.say("texts", "minutes", count=int(seconds // 60))

    def shown(self, value: object) -> str:
        """One known value as people read it."""
        if isinstance(value, bool):
            return self.say("texts", "yes" if value else "no")
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, timedelta):
            return self.span(value)
        return str(value)

    def told(self, column: Column, raw: Any) -> tuple[object, str]:
        """What a column tells, JSON-able for machines and as people read it.

        ``raw`` is its value, both its bounds, or for one tag the JSON text of all tags; None where it is not known.
        """
        if column.name.startswith("tags."):
            raw = _tag(raw, column.name.removeprefix("tags."))
        if not column.bounds:
            return jsonable(raw), self.say("texts", "unknown") if raw is None else self.shown(raw)
        low, high = raw
        if low is None and high is None:
            return None, self.say("texts", "unknown")
        if low == high:
            return jsonable(low), self.shown(low)
        return {"low": jsonable(low), "high": jsonable(high)}, self._between(column, low, high)

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
                return f"{condition.column} {condition.operator} {self._listed(condition.value)}"
            case AllOf():
                return ", ".join(map(self.condition, condition.parts))
        parts = "; ".join(map(self.condition, condition.parts))
        return self.say("texts", "any_of" if isinstance(condition, AnyOf) else "none_of", parts=parts)

    def exact(self, value: object) -> str:
        """One value of a rule as people read it, with nothing rounded off: ``7 days``, and ``36h`` as it is written."""
        if isinstance(value, timedelta) and value % next((unit for unit in _UNITS if unit <= value), _UNITS[-1]):
            return write_duration(value)
        return self.shown(value)

    def _listed(self, value: object) -> str:
        return ", ".join(map(self.exact, value)) if isinstance(value, tuple) else self.exact(value)


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
