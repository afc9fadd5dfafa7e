"""The extensions on virtual machines and on Arc-enabled servers, in bulk from the Resource Graph.

They are resources of their own there, which name their machine in their id alone; what a virtual machine runs is not
told. Instances of uniform scale sets are told without extensions.
https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from auditor.collect import graph, queries, values
from auditor.collect.session import Session
from auditor.collect.sources.arc_extensions import arc_extension_row
from auditor.collect.sources.instance_view import settings_row
from auditor.collect.sources.permissions import by_subject, without_refused
from auditor.model.reading import Harvest, Row, Source
from auditor.model.resource_id import holder_in


def read_extensions(session: Session, subscriptions: Sequence[str], refusals: Iterable[Row] = ()) -> Harvest:
    """Rows of the frame ``extensions``, and two readings for each subscription: virtual machines' and servers'.

    ``refusals`` are the survey's: what the identity may not read in a whole subscription.
    """
    harvest = Harvest()
    refused = by_subject(refusals)
    for source, query, read in (
        (Source.EXTENSIONS, queries.EXTENSIONS, _row),
        (Source.ARC_EXTENSIONS, queries.ARC_EXTENSIONS, _arc_row),
    ):
        told = graph.ask(session, source, query, subscriptions, read)
        harvest.join(told.harvest(session, source, "extensions", subscriptions))
    harvest.readings = [without_refused(reading, refused) for reading in harvest.readings]
    return harvest


def _row(entry: dict[str, Any], _subscription_id: str) -> Row:
    row = settings_row(entry, {"id": _machine_of(entry)})
    if row["publisher"] is None and row["type"] is None:  # without properties an absent flag is no flag that is unset
        row["auto_upgrade"] = None
    return row


def _arc_row(entry: dict[str, Any], _subscription_id: str) -> Row:
    """When the version was told depends on the server's status: ``collect`` fills that in."""
    return arc_extension_row(entry, {"id": _machine_of(entry)}, None)


def _machine_of(entry: dict[str, Any]) -> str:
    identifier = values.text(entry.get("id")) or ""
    return holder_in(identifier) or identifier
