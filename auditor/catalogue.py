"""The words of one language, and how it writes numbers, days, times, spans and lists (CLDR, through Babel)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any, Literal, cast

import yaml
from babel import Locale
from babel.dates import parse_pattern
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

from auditor.resources import reports_folder

_PLACE = re.compile(r"\\{(\w+)\\}")
_SPANS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_LISTS = Literal["standard", "unit"]
_KEPT = 4_000
"""Numbers, dates and spans whose text is kept: a night tells the same ones again and again."""


@dataclass(frozen=True)
class Catalogue:
    """``reports/LANGUAGE.yaml``, and the patterns of its section ``formats`` filled in as the language fills them."""

    language: str

    @cached_property
    def sections(self) -> Mapping[str, Any]:
        return _loaded(self.language)

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.language)

    @cached_property
    def _formats(self) -> Mapping[str, str]:
        formats: Mapping[str, str] = self.sections["formats"]
        return formats

    def say(self, section: str, key: str, **values: object) -> str:
        """A text with its values filled in, numbers as the language writes them; ``count`` chooses its plural form.

        The form stands under ``KEY_one`` and the like, where the language has another than ``KEY``. Raises KeyError for
        a text that is not there.
        """
        text = self._text(self.sections[section], key, values.get("count"))
        return text.format(**{name: self.filled(value) for name, value in values.items()}) if values else text

    def _text(self, texts: Mapping[str, object], key: str, count: object) -> str:
        form = f"{key}_{self._locale.plural_form(count)}" if isinstance(count, int) else key
        return str(texts[form if form in texts else key])

    def filled(self, value: object) -> object:
        """A value as a text takes it."""
        return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def number(self, number: float) -> str:
        """With the language's signs between thousands; a part of a whole with one digit."""
        return _numbered(self.language, number)

    def day(self, day: date) -> str:
        return _written(self.language, "day", day)

    def month(self, day: date) -> str:
        return _written(self.language, "month", day)

    def minute(self, moment: datetime) -> str:
        """Day, hour and minute, as ``moment`` has them: the zone is its own."""
        return _written(self.language, "minute", moment.replace(second=0, microsecond=0, tzinfo=None))

    def span(self, duration: timedelta) -> str:
        """In its largest unit, the rest left out: ``13 days``."""
        unit, size = next((each for each in _SPANS if each[1] <= duration), _SPANS[-1 if duration else 0])
        return _counted(self.language, duration // size, unit)

    def listed(self, parts: Iterable[str]) -> str:
        """``a, b, c`` as the language lists; nothing for nothing."""
        return format_list(list(parts), cast(_LISTS, self._formats["list"]), self._locale)

    def said(self, sentence: str) -> str:
        """A sentence that a reading keeps in English, told in this language as far as its catalogue has it."""
        for form, told in _said(self.language):
            if found := form.fullmatch(sentence):
                return told.format(**{name: self._part(name, value) for name, value in found.groupdict().items()})
        return sentence

    def _part(self, name: str, value: str) -> str:
        return self.listed(value.split(" and ")) if name == "actions" else self.said(value)

    def prose(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other; what is empty is left out."""
        return self._formats["between_sentences"].join(filter(None, sentences))


@lru_cache(_KEPT, typed=True)
def _numbered(language: str, number: float) -> str:
    return format_decimal(number, None if isinstance(number, int) else "#,##0.0", language)


@lru_cache(_KEPT)
def _written(language: str, pattern: str, day: date) -> str:
    return parse_pattern(_loaded(language)["formats"][pattern]).apply(day, language)


@lru_cache(_KEPT)
def _counted(language: str, count: int, unit: str) -> str:
    return str(format_unit(count, f"duration-{unit}", "long", locale=language))


@cache
def _said(language: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """The sentences of readings as patterns; the first that fits is taken, and each value in it ends where it can."""
    told: Mapping[str, str] = _loaded(language)["readings"]
    return [(re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(said)), re.DOTALL), text) for said, text in told.items()]


@cache
def _loaded(language: str) -> Mapping[str, Any]:
    path = reports_folder() / f"{language}.yaml"
    loaded: Mapping[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return loaded
