"""What an error's body tells: code and message, in whatever form a service wrote it.

Recorded forms: ``error``, ``odata.error``, bare and PascalCase keys, a message per language, details and inner errors,
JSON text within JSON, plain text, HTML, empty. A person reads the message: markup and raw JSON never get through, nor
does a credential that the message quotes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from auditor.model.veil import veiled

_HEADINGS = tuple(re.compile(rf"<{tag}\b[^>]*>(.*?)</{tag}>", re.IGNORECASE | re.DOTALL) for tag in ("h2", "title"))
"""Where a page says what happened: the title is sometimes only the service's name."""
_UNSEEN = re.compile(r"<(style|script|head)\b.*?</\1>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_DEEPEST = 8
"""Inner errors are followed this far; recorded are two."""
_SUPPORT = "Please provide below info when asking for support"
"""How the Resource Graph begins where it says nothing: why it refused stands in the details alone."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """Either may be empty. ``details`` are the codes of the details: there some services say what ``code`` does not."""

    code: str
    message: str
    details: tuple[str, ...] = ()


def read_error(body: bytes, content_type: str = "") -> ErrorBody:
    """Code and message of an error's body in any of the recorded forms."""
    text = body.decode("utf-8-sig", "replace").strip()
    try:
        parsed = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return ErrorBody("", _plain(text, content_type))
    return from_json(parsed)


def from_json(parsed: object, depth: int = 0) -> ErrorBody:
    """The same of a body that is parsed already; what is wrapped deeper than any service does tells nothing."""
    if depth > _DEEPEST:
        return ErrorBody("", "")
    if isinstance(parsed, list):
        return from_json(parsed[0], depth + 1) if parsed else ErrorBody("", "")
    if not isinstance(parsed, Mapping):
        return ErrorBody("", readable(parsed))
    low = lowered(parsed)
    inner = low.get("error", low.get("odata.error", low.get("errors")))
    if isinstance(inner, str):
        return ErrorBody(inner, readable(low.get("error_description") or low.get("message")))
    if isinstance(inner, (Mapping, list)) and inner:
        return from_json(inner, depth + 1)
    codes = (readable(lowered(each).get("code")) for each in _details(low))
    return ErrorBody(readable(low.get("code") or low.get("errorcode")), _message(low), tuple(filter(None, codes)))


def lowered(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same with keys in lower case: services write ``message``, ``Message`` and ``MESSAGE``."""
    return {str(key).lower(): each for key, each in value.items()}


def _message(error: Mapping[str, Any], depth: int = 0) -> str:
    """The message that names the cause: that of the last inner error, and of the details that only some fill."""
    inner = error.get("innererror")
    deeper = _message(lowered(inner), depth + 1) if isinstance(inner, Mapping) and depth < _DEEPEST else ""
    told = [_message(lowered(each), depth + 1) for each in _details(error) if depth < _DEEPEST]
    own = deeper or readable(error.get("message"))
    parts = told if own.startswith(_SUPPORT) else [own, *told]
    return " ".join(part for part in dict.fromkeys(parts) if part)


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = error.get("details")
    return [each for each in details if isinstance(each, Mapping)] if isinstance(details, list) else []


def readable(value: object) -> str:
    """A message as a person reads it, whichever way it is wrapped; empty where nothing readable is in it."""
    if isinstance(value, Mapping):  # {"lang": "en", "value": "..."}, {"Language": ..., "Value": ...}
        value = lowered(value).get("value")
    if isinstance(value, (Mapping, list)) or value is None:
        return ""
    text = str(value).strip()
    return read_error(text.encode()).message if text.startswith(("{", "[{")) else veiled(text)


def _plain(text: str, content_type: str) -> str:
    if text.startswith(("{", "[")):
        return ""  # JSON that was cut off
    if not text.startswith("<") and "<html" not in text[:500].lower() and "html" not in content_type.lower():
        return veiled(text)
    found = (heading.search(text) for heading in _HEADINGS)
    shown = next((match[1] for match in found if match and match[1].strip()), _UNSEEN.sub(" ", text))
    return veiled(" ".join(html.unescape(_TAG.sub(" ", shown)).split()))
