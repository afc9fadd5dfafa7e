"""Whole outputs of small fixed nights, as somebody has looked at them: a change of one is seen in review.

Where a change is meant, ``AUDITOR_RENEW_GOLDEN=1 python -m pytest -k golden`` writes them anew; read what git says of
them.
"""

from __future__ import annotations

import os
from pathlib import Path


def golden(name: str, now: str) -> str:
    """What the file ``name`` of this folder holds; it becomes ``now`` first where the environment asks for that."""
    place = Path(__file__).parent / name
    if os.environ.get("AUDITOR_RENEW_GOLDEN"):
        place.write_text(now, encoding="utf-8", newline="\n")
    return place.read_text(encoding="utf-8")
