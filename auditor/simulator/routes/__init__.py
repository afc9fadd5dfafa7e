"""What the simulated Azure answers, one file per subject."""

from auditor.simulator.exchange import Route
from auditor.simulator.routes import (
    activity_log,
    arc_machines,
    data_collection,
    extension_images,
    instances,
    log_analytics,
    management_groups,
    resource_graph,
    scale_sets,
    subscriptions,
    tokens,
    virtual_machines,
    writes,
)


def all_routes() -> tuple[Route, ...]:
    """Every route, the most frequent first; those with a memory of their own are made anew for each simulator."""
    return (
        *virtual_machines.ROUTES,
        *instances.ROUTES,
        *scale_sets.ROUTES,
        *arc_machines.ROUTES,
        *data_collection.ROUTES,
        *activity_log.routes(),
        *extension_images.ROUTES,
        *log_analytics.routes(),
        *resource_graph.routes(),
        *subscriptions.ROUTES,
        *management_groups.ROUTES,
        *tokens.ROUTES,
        *writes.ROUTES,
    )
