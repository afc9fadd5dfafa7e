"""The subscriptions below a management group, however deep.

https://learn.microsoft.com/rest/api/managementgroups/management-groups/get-descendants
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from auditor.collect import faults, values
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import ended
from auditor.collect.session import Session
from auditor.model.reading import Reading, Source

SOURCE = Source.MANAGEMENT_GROUPS
_API = "2020-05-01"
_PLACE = "/providers/Microsoft.Management/managementGroups/"
_ALIKE = "Azure answers alike for a group that does not exist."
_SUBSCRIPTION = "/subscriptions"
"""How the type of a descendant ends that is a subscription; the others are management groups."""


def read_descendants(session: Session, group: str) -> tuple[list[str], Reading]:
    """The ids of the subscriptions, in lower case, and the reading; a page that fails leaves what was read."""
    found: dict[str, None] = {}
    nameless = 0
    fault: Fault | None = None
    url = f"{_PLACE}{quote(group, safe='')}/descendants"
    try:
        for page in session.pages(SOURCE, url, {"api-version": _API}):
            names = [values.text(entry.get("name")) for entry in page if _is_subscription(entry)]
            found |= dict.fromkeys(name.lower() for name in names if name)
            nameless += names.count(None)
    except Fault as caught:
        fault = caught
        if caught.kind is FaultKind.REFUSED:
            fault.close = f"{caught.close.rstrip('.')} on {_PLACE}{group}, or correct scope.management_groups: {_ALIKE}"
    if fault is None and nameless:
        fault = faults.partial(SOURCE, f"subscriptions without an id: {nameless}")
    return list(found), ended(session, SOURCE, group, len(found), fault)


def _is_subscription(entry: dict[str, Any]) -> bool:
    return str(entry.get("type")).lower().endswith(_SUBSCRIPTION)
