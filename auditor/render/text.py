"""Texts and times made fit for people: whatever a name or a tag holds, it stays a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from auditor.catalogue import Catalogue

UNFIT = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff"
"""What neither XML nor a terminal may carry, and what turns the reading direction so that a name looks like another
one: as it stands in a regular expression between brackets."""
REPLACEMENT = "\ufffd"
_UNFIT = re.compile(f"[{UNFIT}\ud800-\udfff]")
_TIMES = 2_000
"""Times of which the text is kept: most evidence was read at one of a few."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may take for the beginning of a formula (OWASP, CSV injection)."""


def printable(text: str) -> str:
    """``text`` with every character that cannot be shown replaced by U+FFFD, so that its place stays visible."""
    return text if text.isascii() and text.isprintable() else _UNFIT.sub(REPLACEMENT, text)


def one_line(text: str) -> str:
    """The same on a single line: a name with a line break cannot pass for a line of ours."""
    return " ".join(printable(text).split())


def looks_like_formula(text: str) -> bool:
    return text.startswith(FORMULA_STARTS)


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Clock:
    """Shows times in the time zone and the language of the report; ``zone`` is an IANA name."""

    zone: str
    language: str = "en"

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue(self.language)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def local(self, moment: datetime) -> datetime:
        """``moment`` in the zone; unmoved where the calendar ends (Azure writes year 1 for "never")."""
        try:
            return moment.astimezone(self._zone)
        except OverflowError:
            return moment

    @cached_property
    def text(self) -> Callable[[datetime], str]:
        """Gives day, hour and minute of a moment, as the language writes them."""
        return lru_cache(_TIMES)(lambda moment: self._catalogue.minute(self.local(moment)))

    def day(self, day: date) -> str:
        """A day of the zone, as the language writes it."""
        return self._catalogue.day(day)

    def name(self, moment: datetime) -> str:
        """The zone with its distance from UTC at ``moment``, such as ``Asia/Tokyo (UTC+09:00)``."""
        offset = self.local(moment).strftime("%z")
        return f"{self.zone} (UTC{offset[:3]}:{offset[3:5]})"
