"""What columns rest on, by the answer that tells them. See :data:`~auditor.model.dataset.column.Need`."""

from __future__ import annotations

from auditor.model.dataset.column import Need
from auditor.model.reading import Source

SUBSCRIPTION: tuple[Need, ...] = ((Source.SUBSCRIPTIONS,),)
LIST: tuple[Need, ...] = ((Source.VIRTUAL_MACHINES, Source.SCALE_SET_INSTANCES, Source.ARC_MACHINES),)
"""The answer that told of the machine."""
STATE: tuple[Need, ...] = (
    (Source.VIRTUAL_MACHINES, Source.SCALE_SET_INSTANCES, Source.ARC_MACHINES, Source.INSTANCE_VIEW),
)
"""The answer that told how the machine is: a list, or the machine itself."""
VIEW: tuple[Need, ...] = ((Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES),)
"""An instance view: of one machine, or of a scale set's instances."""
VIEW_OR_ARC: tuple[Need, ...] = ((Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES, Source.ARC_EXTENSIONS),)
"""What an extension reports of itself: in an instance view, or on Arc in its own resource."""
SETS: tuple[Need, ...] = ((Source.SCALE_SETS,),)
EXTENSION: tuple[Need, ...] = (
    (
        Source.EXTENSIONS,
        Source.ARC_EXTENSIONS,
        Source.SCALE_SETS,
        Source.SCALE_SET_INSTANCES,
        Source.INSTANCE_VIEW,
    ),
)
"""The answer that told of the extension."""
VERSION: tuple[Need, ...] = (
    (Source.HEARTBEATS, Source.ARC_EXTENSIONS, Source.SCALE_SET_INSTANCES, Source.INSTANCE_VIEW),
)
"""Who can tell what a machine runs, the cheapest first."""
LOG: tuple[Need, ...] = ((Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG),)
OFFER: tuple[Need, ...] = ((Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS),)
ASSOCIATION: tuple[Need, ...] = ((Source.DATA_COLLECTION_RULE_ASSOCIATIONS,),)
START: tuple[Need, ...] = ((Source.ACTIVITY_LOG, Source.ARC_MACHINES),)
"""Who can tell since when a machine runs; an Arc-enabled server's status tells it."""
RULE: tuple[Need, ...] = ((Source.DATA_COLLECTION_RULES,),)
BEATS: tuple[Need, ...] = ((Source.HEARTBEATS,),)
HEARD = (Source.HEARTBEATS,)
