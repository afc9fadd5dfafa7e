"""What ``run`` prints at its end, in both languages, beside what somebody has looked at.

Where a change is meant, write the files anew: ``python -m tests.unit.render.test_console_golden``; and read what git
says of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from auditor.model.report import Changed
from auditor.render.console import print_summary
from tests.unit.compose import parts

GOLDEN = Path(__file__).parents[2] / "golden"
LANGUAGES = ("en", "ja")
UNDELIVERED = ("The letter was not sent to audit-team@example.com: the server gave no answer.",)


def printed(language: str) -> str:
    """Of the small estate of the compose tests, whose gaps and failures are of every kind, a night after another."""
    settings = parts.composer().settings
    spoken = settings.report.model_copy(update={"language": language})
    told = parts.report_of(settings=settings.model_copy(update={"report": spoken}))
    changed = Changed(parts.NOW - timedelta(days=1), {"new": 1}, "What changed since last night.")
    stream = StringIO()
    print_summary(replace(told, changed=changed), Path("nights/report"), stream, UNDELIVERED)
    return stream.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_shows_what_somebody_has_looked_at(language: str) -> None:
    assert printed(language) == (GOLDEN / f"console.{language}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for name in LANGUAGES:
        (GOLDEN / f"console.{name}.txt").write_text(printed(name), encoding="utf-8")
