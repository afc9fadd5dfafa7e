"""How Azure writes times and ids, and how the simulator makes ids that are the same on every run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

_TICK_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def guid(*parts: object) -> str:
    """An id that looks random and depends on ``parts`` alone."""
    text = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def compute_time(moment: datetime) -> str:
    """A time as the compute provider writes it: ``2024-08-26T09:56:01.495881+00:00``, no fraction where it is zero."""
    return _fraction(moment) + "+00:00"


def utc_time(moment: datetime) -> str:
    """A time as the activity log and Kusto write it: ``2000-01-02T03:04:05Z``, trailing zeros left out."""
    return _fraction(moment) + "Z"


def _fraction(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return text.rstrip("0") if moment.microsecond else text


def ticks(moment: datetime) -> int:
    """Hundreds of nanoseconds since the year 1, as the id of an event carries them."""
    return (moment - _TICK_EPOCH) // _MICROSECOND * 10


def machine_id(subscription_id: str, resource_group: str, name: str) -> str:
    """The resource id of a virtual machine as the compute provider spells it."""
    return f"{group_id(subscription_id, resource_group)}/providers/Microsoft.Compute/virtualMachines/{name}"


def group_id(subscription_id: str, resource_group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"


def scale_set_id(subscription_id: str, resource_group: str, name: str) -> str:
    """The resource id of a scale set."""
    return f"{group_id(subscription_id, resource_group)}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


def arc_machine_id(subscription_id: str, resource_group: str, name: str) -> str:
    """The resource id of an Arc-enabled server."""
    return f"{group_id(subscription_id, resource_group)}/providers/Microsoft.HybridCompute/machines/{name}"


def instance_id(scale_set: str, number: str) -> str:
    """The resource id of an instance of a uniform scale set; ``scale_set`` is the set's own id."""
    return f"{scale_set}/virtualMachines/{number}"


def arc_time(moment: datetime, *, connected: bool) -> str:
    """When an Arc-enabled server's status changed: the offset stands only on connected ones (recorded); it is UTC."""
    return _fraction(moment) + ("Z" if connected else "")
