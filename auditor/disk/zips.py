"""Zip files that somebody, or a worn disk, may have changed."""

from __future__ import annotations

import zipfile
import zlib

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What reading one raises: a single bit is enough for each, a RuntimeError where it now says that it is encrypted."""
