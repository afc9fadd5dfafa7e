"""Lists in pages, as the providers of Resource Manager answer them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from auditor.simulator.exchange import Answer, Call

Thing = TypeVar("Thing")
Body = dict[str, Any]


def listed(
    call: Call,
    things: Sequence[Thing],
    size: int,
    write: Callable[[Thing], Body | None],
    *,
    always_linked: bool = False,
) -> Answer:
    """The page that the call asks for: ``size`` of the things, as far as ``write`` writes them, and the next link.

    The last page has no ``nextLink``, or one of null where it is ``always_linked``.
    """
    start = int(urlsafe_b64decode(call.skip_token)) if call.skip_token else 0
    end = min(start + size, len(things))
    rows = [row for each in things[start:end] if (row := write(each)) is not None]
    body: Body = {"value": rows}
    if end < len(things):
        body["nextLink"] = call.link(skiptoken=urlsafe_b64encode(str(end).encode()).decode())
    elif always_linked:
        body["nextLink"] = None
    return Answer(body)


def name_of_group(call: Call) -> str | None:
    """The resource group that the path names, in lower case."""
    return call.parts["group"].lower() if "group" in call.parts else None
