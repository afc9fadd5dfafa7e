"""The page in a real browser, without scripts and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from auditor.render.page import page as page_format
from tests.unit.render import sample


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    sample.write(page_format, sample.report(), path)
    return path


class Watched:
    """A page that is open, with all that it asked for and all that the browser complained of."""

    def __init__(self, browser: Browser, path: Path, *, scripts: bool = False, width: int = 1280) -> None:
        self.context = browser.new_context(
            java_script_enabled=scripts, offline=True, viewport={"width": width, "height": 900}
        )
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.failures: dict[str, str | None] = {}
        self.page.on("requestfailed", lambda request: self.failures.update({request.url: request.failure}))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def test_it_loads_nothing_and_the_browser_has_no_complaint(browser: Browser, report: Path) -> None:
    with Watched(browser, report) as watched:
        assert watched.page.get_by_role("heading", level=1).inner_text() == sample.report().headline
        assert [url for url in watched.requests if not url.startswith("data:")] == [report.as_uri()]
        assert watched.complaints == []


def test_the_style_sheet_is_let_in_by_its_hash(browser: Browser, report: Path) -> None:
    with Watched(browser, report, scripts=True) as watched:
        position = watched.page.locator("nav.contents").evaluate("element => getComputedStyle(element).position")
        assert position == "sticky"


def test_a_finding_opens_by_keyboard(browser: Browser, report: Path) -> None:
    with Watched(browser, report) as watched:
        finding = watched.page.locator("details.finding").first
        evidence = finding.get_by_role("table")
        assert not evidence.is_visible()
        finding.locator("summary").focus()
        watched.page.keyboard.press("Enter")
        evidence.wait_for(state="visible")
        assert finding.get_by_role("link", name="Open in the Azure portal").is_visible()


def test_the_first_tab_leads_to_the_findings(browser: Browser, report: Path) -> None:
    with Watched(browser, report) as watched:
        watched.page.keyboard.press("Tab")
        watched.page.keyboard.press("Enter")
        assert watched.page.url.endswith("#findings")


@pytest.mark.parametrize("width", [1280, 420])
def test_no_name_makes_the_page_wider_than_the_window(browser: Browser, report: Path, width: int) -> None:
    with Watched(browser, report, scripts=True, width=width) as watched:
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_policy_stops_what_escaping_might_miss(browser: Browser, report: Path, tmp_path: Path) -> None:
    """With scripts on and markup put into the file by force, nothing runs and nothing is asked for."""
    forced = tmp_path / "forced.html"
    markup = (
        '<script>document.title="run"</script><img src="https://127.0.0.1:9/x" onerror="document.title=1">'
        '<link rel="stylesheet" href="https://127.0.0.1:9/x.css"><style>body{display:none}</style>'
    )
    forced.write_text(report.read_text(encoding="utf-8").replace("<main>", "<main>" + markup, 1), encoding="utf-8")
    with Watched(browser, forced, scripts=True) as watched:
        assert sample.report().title in watched.page.title()
        assert watched.page.get_by_role("heading", level=1).is_visible()
        assert watched.failures == {"https://127.0.0.1:9/x": "csp", "https://127.0.0.1:9/x.css": "csp"}
        assert sum("Content Security Policy" in complaint for complaint in watched.complaints) >= 4


def test_on_paper_the_evidence_of_failures_is_open(browser: Browser, report: Path) -> None:
    with Watched(browser, report) as watched:
        watched.page.emulate_media(media="print")
        assert watched.page.locator(".group.s-fail .finding .evidence").first.is_visible()
        assert watched.page.get_by_text(sample.words()["on_paper"]).is_visible()
        assert not watched.page.locator(".command").first.is_visible(), "nobody types it off paper"
        assert watched.page.locator(".group.s-exempt .finding summary").first.is_visible()
        assert not watched.page.locator(".group.s-exempt .finding .evidence").first.is_visible()
        assert not watched.page.locator("nav.contents").is_visible()
