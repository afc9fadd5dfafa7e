"""A veil over secrets: what it has passed can be shown to anybody who reads a log."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

HIDDEN = "***"
_LEAST = 6
"""Shorter ones are no secrets, and would be found in many a word."""


class Veil:
    """Hides the secrets that it was told of, in clear and as they travel (base64, percent-encoded).

    Nothing that is said should hold one in the first place: this is for what others say, such as a server that repeats
    what it was sent, or a bug whose traceback quotes a value.
    """

    def __init__(self) -> None:
        self._hidden: list[str] = []

    def hide(self, *secrets: str) -> None:
        """From now on these are not seen any more."""
        forms = {form for secret in secrets if len(secret) >= _LEAST for form in _forms(secret)}
        self._hidden = sorted({*self._hidden, *forms}, key=len, reverse=True)

    def over(self, text: str) -> str:
        """``text`` without any of them."""
        for form in self._hidden:
            text = text.replace(form, HIDDEN)
        return text


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield repr(secret)[1:-1]
    yield base64.b64encode(secret.encode()).decode()
