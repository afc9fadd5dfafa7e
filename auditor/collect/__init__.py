"""Asks Azure, and says how far each answer can be trusted: rows by frame, and a reading for every question."""

from auditor.collect.run import collect, survey
from auditor.collect.session import Session

__all__ = ["Session", "collect", "survey"]
