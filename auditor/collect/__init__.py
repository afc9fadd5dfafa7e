"""Asks Azure, and says how far each answer can be trusted: rows by frame, and a reading for every question."""

from auditor.collect.run import collect, reread
from auditor.collect.session import Session
from auditor.collect.survey import survey

__all__ = ["Session", "collect", "reread", "survey"]
