"""What the sections of the configuration are made of: strict models, and the kinds of values that several share."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from auditor.model.duration import parse_duration
from auditor.model.size import parse_size

# The sentences of these validators continue the value: "'14 days' is not a duration: ...". They never repeat it, for it
# may have come out of an environment variable.


def _duration(value: object) -> timedelta:
    try:
        duration = parse_duration(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        duration = None
    if not duration:
        raise ValueError("is not a duration: write a whole number above 0 and d, h, m or s, such as 14d")
    return duration


def _https(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https":
        raise ValueError("is not https: a bearer token would travel in clear; write https://...")
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("is not an endpoint: write https://host or https://host:port, and nothing behind it")
    return text.rstrip("/")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Endpoint = Annotated[str, AfterValidator(_https)]
Size = Annotated[int, BeforeValidator(parse_size)]


class Strict(BaseModel):
    """What every file is checked with: frozen, strict, no unknown keys, and no value repeated in a message."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)
