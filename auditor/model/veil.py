"""A veil over secrets: what it has passed can be shown to anybody who reads a log."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote

HIDDEN = "***"
_LEAST = 6
"""Shorter ones are no secrets, and would be found in many a word."""

_BY_FORM = (
    re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"),
    re.compile(r"(?i)(?<=\bbearer )[\w.~+/-]{12,}=*"),
    re.compile(r"(?i)(?<=\bsharedkey )[\w:+/-]{12,}=*"),
    re.compile(r"(?i)(?<=\bsig=)[\w%+/-]{8,}=*"),
    re.compile(r"(?i)(?<=\baccountkey=)[\w%+/-]{8,}=*"),
    re.compile(r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"),
)
"""What gives itself away: tokens (RFC 7519) and headers that carry one, signatures of Azure Storage in addresses
(https://learn.microsoft.com/rest/api/storageservices/create-service-sas), its keys in connection strings, and passwords
in addresses (of a proxy, say)."""


def veiled(text: str) -> str:
    """``text`` without what has the form of a credential, whoever's it is: failures quote signed addresses."""
    for form in _BY_FORM:
        text = form.sub(HIDDEN, text)
    return text


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
        """``text`` without any of them, and without what has the form of one."""
        for form in self._hidden:
            text = text.replace(form, HIDDEN)
        return veiled(text)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield repr(secret)[1:-1]
    yield base64.b64encode(secret.encode()).decode()
