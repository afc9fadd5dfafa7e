"""The versions that a region offers of one publisher and type; the same whichever subscription asks.

Virtual machines and Arc-enabled servers have lists of their own, in shapes of their own.
https://learn.microsoft.com/rest/api/compute/virtual-machine-extension-images/list-versions
https://learn.microsoft.com/rest/api/hybridcompute/extension-metadata/list
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from auditor.collect import faults, values
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import answered, gap
from auditor.collect.session import ARC_API, COMPUTE_API, Session
from auditor.model.reading import Harvest, Source, version_scope

VERSION_LISTS = {"vm": Source.EXTENSION_VERSIONS, "arc": Source.ARC_EXTENSION_VERSIONS}
"""The list of each kind of machine."""
_MOST_SUBSCRIPTIONS = 3
"""How many subscriptions are asked before a region counts as unread."""


def read_versions(
    session: Session, machine_kind: str, location: str, publisher: str, kind: str, askers: Iterable[str]
) -> Harvest:
    """Rows of the frame ``versions`` for machines of ``machine_kind`` (``vm`` or ``arc``).

    ``askers`` are subscription ids, tried in turn where one refuses.
    """
    source, scope = VERSION_LISTS[machine_kind], version_scope(location, publisher, kind)
    fault = Fault(FaultKind.MISSING, "No readable subscription could ask", "See the gaps of the subscriptions.")
    for subscription_id in list(askers)[:_MOST_SUBSCRIPTIONS]:
        try:
            names = _ASK[machine_kind](session, subscription_id, location, publisher, kind)
        except Fault as caught:
            fault = caught
            continue
        where = {"machine_kind": machine_kind, "location": location, "publisher": publisher, "type": kind}
        harvest = Harvest({"versions": [{**where, "version": name} for name in names]} if names else {})
        harvest.readings.append(answered(session, source, scope, len(names)))
        return harvest
    return Harvest(readings=[gap(session, source, scope, fault)])


def offer_of(machine_kind: str, location: str, publisher: str, kind: str) -> tuple[Source, str]:
    """Source and scope of the reading of what is offered there."""
    return VERSION_LISTS[machine_kind], version_scope(location, publisher, kind)


def _images(session: Session, subscription_id: str, location: str, publisher: str, kind: str) -> list[str]:
    """What virtual machines are offered: a bare list, in text order. Raises Fault."""
    source = Source.EXTENSION_VERSIONS
    where = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/locations/{quote(location, safe='')}"
    types = f"{where}/publishers/{quote(publisher, safe='')}/artifacttypes/vmextension/types"
    url = f"{types}/{quote(kind, safe='')}/versions"
    images = session.get(source, url, {"api-version": COMPUTE_API})
    if not isinstance(images, list):
        raise faults.told_instead(source, images, "no list of versions")
    return _whole(source, [values.mapping(image).get("name") for image in images])


def _metadata(session: Session, subscription_id: str, location: str, publisher: str, kind: str) -> list[str]:
    """What Arc-enabled servers are offered: pages, the newest first. Raises Fault."""
    source = Source.ARC_EXTENSION_VERSIONS
    provider = f"/subscriptions/{subscription_id}/providers/Microsoft.HybridCompute"
    where = f"{provider}/locations/{quote(location, safe='')}/publishers/{quote(publisher, safe='')}"
    url = f"{where}/extensionTypes/{quote(kind, safe='')}/versions"
    pages = session.pages(source, url, {"api-version": ARC_API})
    return _whole(source, [_told_version(entry) for page in pages for entry in page])


_ASK: dict[str, Callable[[Session, str, str, str, str], list[str]]] = {"vm": _images, "arc": _metadata}


def _told_version(entry: dict[str, Any]) -> object:
    """An entry is named after its version; its properties tell it too."""
    told = values.mapping(entry.get("properties")).get("version")
    return entry.get("name") if told is None else told


def _whole(source: Source, names: list[object]) -> list[str]:
    """A list of which a part cannot be read is not read: the latest may be in that part."""
    found = [name for name in names if isinstance(name, str)]
    if len(found) < len(names):
        raise faults.unreadable(source, "a version without a name")
    return found
