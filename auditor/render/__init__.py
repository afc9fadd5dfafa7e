"""Dresses a settled report as page, workbook, tables and console lines; it decides nothing and fetches nothing."""

from auditor.render.folder import check_output, write_folder

__all__ = ["check_output", "write_folder"]
