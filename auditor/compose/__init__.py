"""Settles every word, number and order of the report; page, workbook and tables only dress it."""

from auditor.compose.ledger import Ledger
from auditor.compose.report import Composer

__all__ = ["Composer", "Ledger"]
