"""What lies where in an archive, and what the name of a night tells: every room that looks into one goes by this."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

NIGHTS = "nights"
"""A folder for each night, named by its run id."""
MANIFEST = "night.json"
"""In a night's folder, written last: a folder without it is no night."""
OUTBOX = "outbox"
"""Letters on their way: while one of its files ends with ``.zip`` somebody waits for a letter."""
UNDER_WAY = "under-way"
"""What a night that is not ended has done so far."""
BEGUN = f"{UNDER_WAY}/begun.json"
"""There while a night is unfinished."""

RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


def outbox_of(output: Path) -> Path:
    """Where letters lie that no archive takes: beside the output folder, and there only while it holds some."""
    place = output.resolve()
    return place.with_name(f"{place.name}.outbox")


def time_of(name: str) -> datetime | None:
    """The ``as_of`` in the name of a night, to the second; None where it is no such name."""
    if not RUN_ID.fullmatch(name):
        return None
    try:
        return datetime.strptime(f"{name[:15]}+0000", "%Y%m%dT%H%M%S%z")
    except ValueError:
        return None
