"""What ``run`` prints at its end, in both languages, as it stands in ``tests/golden``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from auditor.model.report import Changed
from auditor.render.console import print_summary
from tests.golden import golden
from tests.unit.compose import parts

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


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_terminal_shows_the_golden_text(language: str) -> None:
    now = printed(language)
    assert now == golden(f"console.{language}.txt", now)
