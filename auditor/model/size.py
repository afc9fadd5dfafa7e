"""Sizes of files, as configurations write them (``10MB``)."""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"(\d{1,9})(kB|KB|MB|GB)")
_BYTES = {"kB": 1_000, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


def parse_size(text: object) -> int:
    """``text`` in bytes; 1 MB is a million of them, as mail servers and file managers count.

    Raises ValueError for anything that is not written so.
    """
    written = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if not written:
        raise ValueError("is not a size: write a whole number and kB, MB or GB, such as 10MB")
    return int(written[1]) * _BYTES[written[2]]
