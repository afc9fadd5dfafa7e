"""The files of an output folder by name: one stage writes them, others mail and keep them."""

from __future__ import annotations

from collections.abc import Mapping

FILES: Mapping[str, str] = {
    "html": "report.html",
    "xlsx": "report.xlsx",
    "json": "findings.json",
    "csv": "findings.csv",
    "parquet": "verdicts.parquet",
}
"""By the word of ``--format``."""
READABLE: Mapping[str, str] = {key: FILES[key] for key in ("html", "xlsx")}
"""Those that are made to be looked at."""
WITH_ALL = ("csv", "parquet")
"""Those that hold every verdict, however many there are."""
LETTER_HTML, LETTER_TEXT = "letter.html", "letter.txt"
LETTER_FILES = (LETTER_HTML, LETTER_TEXT, *READABLE.values())
"""What a letter is made of, and what may go with it."""
RUN_FILE = "run.json"
KEPT = (*READABLE.values(), RUN_FILE)
"""What the archive keeps of a report, as far as the night has made it."""
