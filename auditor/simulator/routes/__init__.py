"""What the simulated Azure answers, one file per subject. Scale sets, Arc and Resource Graph come beside these."""

from auditor.simulator.exchange import Route
from auditor.simulator.routes import (
    activity_log,
    extension_images,
    log_analytics,
    subscriptions,
    tokens,
    virtual_machines,
)


def all_routes() -> tuple[Route, ...]:
    """Every route, the most frequent first; those with a memory of their own are made anew for each simulator."""
    return (
        *virtual_machines.ROUTES,
        *activity_log.routes(),
        *extension_images.ROUTES,
        *log_analytics.routes(),
        *subscriptions.ROUTES,
        *tokens.ROUTES,
    )
