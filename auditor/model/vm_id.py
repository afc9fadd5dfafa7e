"""Whether two unique ids of a virtual machine are one: what Azure calls ``vmId``, agents report as ``VMUUID``.

An agent may read its own from the machine's firmware, where the first three fields stand in little-endian order, and
programs were written that read them the other way round (DMTF DSP0134, System Management BIOS, 7.2.1).
"""

from __future__ import annotations

from uuid import UUID


def same_vm(one: str | None, other: str | None) -> bool:
    """Whether both name the same machine, in any letter case and in either order of bytes.

    Two ids that are alike are no accident; two that are not prove nothing, for what an agent writes there is not
    documented beyond "Unique identifier of the virtual machine"
    (https://learn.microsoft.com/azure/azure-monitor/reference/tables/heartbeat).
    """
    known, told = _read(one), _read(other)
    return known is not None and told is not None and (known == told or known.bytes_le == told.bytes)


def _read(text: str | None) -> UUID | None:
    """None for what is no id, and for the one of zeros alone, which is nobody's."""
    try:
        read = UUID(text) if text else None
    except ValueError:
        return None
    return read if read and read.int else None
