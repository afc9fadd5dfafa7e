"""The whole page of a small night, as it stands in ``tests/golden/report.html``.

Left out are the style, the library, our script and the drawings, each of which has tests of its own; what is packed is
unpacked.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from pathlib import Path

from auditor.model.verdict import Status
from auditor.render.page import page
from tests.golden import golden
from tests.unit.render import sample


def told(text: str) -> str:
    """The page without what is the same on every page, with what it packs in clear."""
    text = re.sub(r"sha256-[\w+/=]+", "sha256-…", text)
    text = re.sub(r"<style>.*?</style>", "<style>…</style>", text, flags=re.DOTALL)
    text = re.sub(r'<script type="module">.*?</script>', '<script type="module">…</script>', text, flags=re.DOTALL)
    text = re.sub(r"(<figure[^>]*>).*?(</figure>)", r"\1…\2", text, flags=re.DOTALL)
    return re.sub(r'(<script type="text/plain"[^>]*>)(.*?)(</script>)', _unpacked, text)


def _unpacked(element: re.Match[str]) -> str:
    packed = json.loads(zlib.decompress(b64decode(element[2])))
    parts = (f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}" for name, part in packed.items())
    return element[1] + "\n" + "\n".join(parts) + "\n" + element[3]


def test_the_page_is_the_golden_one(tmp_path: Path) -> None:
    verdicts = [
        sample.finding(1),
        sample.finding(2, machine_name=sample.HOSTILE[0], reason=sample.HOSTILE[1]),
        sample.finding(3, "AMA-003", Status.UNANSWERED),
        sample.finding(4, "AMA-001", Status.PASS),
    ]
    sample.write(page, sample.report(verdicts=verdicts), tmp_path / "report.html")
    now = told((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert now == golden("report.html", now)
