"""The Japanese page in a real browser: its script and its tables speak Japanese, too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from auditor.catalogue import Catalogue
from auditor.model.verdict import Status
from auditor.render.page import page as page_format
from tests.unit.compose import parts
from tests.unit.render import sample
from tests.unit.render.test_page_alive import Alive, violations

WORDS = Catalogue("ja").sections["words"]
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = parts.composer().settings
    spoken = settings.report.model_copy(update={"language": "ja", "time_zone": "Asia/Tokyo"})
    told = parts.report_of(settings=settings.model_copy(update={"report": spoken}))
    path = tmp_path_factory.mktemp("page") / "report.html"
    sample.write(page_format, told, path)
    return path


def test_a_finding_is_looked_for_and_opened_and_nothing_was_asked_for(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        alive.pick("status", "fail")
        badges = set(alive.page.locator("#all-findings .badge").all_inner_texts())
        assert badges == {Catalogue("ja").say("statuses", Status.FAIL)}
        alive.page.locator(".live input[type=search]").fill("AMA-001")
        alive.lines.first.click()
        expect(alive.page.locator(".below .evidence")).to_be_visible()
        expect(alive.page.get_by_role("link", name=WORDS["open_in_portal"]).first).to_be_visible()
        assert [url for url in alive.requests if not url.startswith("data:")] == [report.as_uri()]
        assert alive.complaints == []


def test_it_sorts_and_copies_a_command_and_says_so(browser: Browser, report: Path) -> None:
    with Alive(browser, report, "findings?status=fail&rule_id=AMA-001") as alive:
        alive.context.grant_permissions(["clipboard-read", "clipboard-write"])
        alive.page.locator("#all-findings th.c-machine_name").click()
        alive.page.wait_for_url(re.compile(r"sort="))
        alive.lines.first.click()
        alive.page.get_by_role("button", name=re.compile(f"^{WORDS['copy']}.*CLI")).first.click()
        expect(alive.page.get_by_role("status").filter(has_text=WORDS["copied"])).to_have_count(1)
        assert alive.page.evaluate("navigator.clipboard.readText()").startswith("az ")


def test_whatever_can_be_pressed_or_filled_has_a_japanese_name(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        named = alive.page.evaluate(
            "() => [...document.querySelectorAll('.live button:not(.open), .live label, #filters label, th button')]"
            ".map(each => each.getAttribute('aria-label') || each.textContent.trim()).filter(Boolean)"
        )
        assert len(named) > 10
        # Numbers of pages and signs for next and previous are the same in every language.
        assert [each for each in named if not _JAPANESE.search(each) and re.search("[A-Za-z]", each)] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, report: Path, scheme: str) -> None:
    with Alive(browser, report, scheme=scheme) as alive:
        assert violations(alive) == []
