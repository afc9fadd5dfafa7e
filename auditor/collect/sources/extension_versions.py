"""The versions that a region offers of one publisher and type; the same whichever subscription asks.

https://learn.microsoft.com/rest/api/compute/virtual-machine-extension-images/list-versions
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineResponse

from auditor.collect import faults, values
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import answered, gap
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Source

SOURCE = Source.EXTENSION_VERSIONS
_MOST_SUBSCRIPTIONS = 3
"""How many subscriptions are asked before a region counts as unread."""


def scope_of(location: str, publisher: str, kind: str) -> str:
    """The scope of the reading: region, publisher and type, in lower case."""
    return f"{location}/{publisher}/{kind}".lower()


def read_versions(session: Session, location: str, publisher: str, kind: str, askers: Iterable[str]) -> Harvest:
    """Rows of the frame ``versions``; ``askers`` are subscription ids, tried in turn where one refuses."""
    harvest = Harvest()
    fault = Fault(FaultKind.MISSING, "No readable subscription could ask", "See the gaps of the subscriptions.")
    for subscription_id in list(askers)[:_MOST_SUBSCRIPTIONS]:
        try:
            names = _ask(session, subscription_id, location, publisher, kind)
        except Fault as caught:
            fault = caught
            continue
        for name in names:
            harvest.add("versions", {"location": location, "publisher": publisher, "type": kind, "version": name})
        harvest.readings.append(answered(session, SOURCE, scope_of(location, publisher, kind), len(names)))
        return harvest
    harvest.readings.append(gap(session, SOURCE, scope_of(location, publisher, kind), fault))
    return harvest


def _ask(session: Session, subscription_id: str, location: str, publisher: str, kind: str) -> list[str]:
    """The names of all versions. A list of which a part cannot be read is not read: the latest may be in that part."""
    client = session.compute(SOURCE, subscription_id)
    try:
        images = client.virtual_machine_extension_images.list_versions(location, publisher, kind, cls=_as_written)
    except AzureError as error:
        raise faults.from_exception(SOURCE, error) from error
    except (TypeError, AttributeError, ValueError) as error:  # what the models raise on anything else than a list
        raise faults.unreadable(SOURCE, "no list of versions") from error
    if not isinstance(images, list):
        raise faults.told_instead(SOURCE, images, "no list of versions")
    names = [name for image in images if isinstance(name := values.mapping(image).get("name"), str)]
    if len(names) < len(images):
        raise faults.unreadable(SOURCE, "a version without a name")
    return names


def _as_written(response: PipelineResponse[Any, Any], _models: object, _headers: object) -> Any:
    """The answer itself: out of an object the models make an empty list."""
    return response.http_response.json()
