"""The page with its scripts, in a real browser: what an auditor does with it, from a file and without a network."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from auditor.model.report import Changed, Night, Report
from auditor.model.verdict import Status
from auditor.render.page import page as page_format
from auditor.render.text import looks_like_formula
from tests.preview import PICTURE, take
from tests.unit.compose.parts import findings_of
from tests.unit.render import sample
from tests.unit.render.test_page_in_chromium import Watched


def remembered() -> Report:
    """The sample night with two nights before it: one failure is new, the others are still there."""
    told = [
        one._replace(change="new" if at == 0 else "still", nights=23, history=f"Failing for 23 nights, {at}.")
        if one.status is Status.FAIL
        else one
        for at, one in enumerate(sample.findings(40))
    ]
    counts = {status: 5 + place for place, status in enumerate(Status)}
    nights = tuple(Night(sample.AS_OF - timedelta(days=ago), str(ago), counts, True) for ago in (2, 1, 0))
    changed = Changed(sample.AS_OF - timedelta(days=1), {"new": 1, "still": 41, "fixed": 7}, "")
    return replace(sample.report(shown=10, verdicts=told), changed=changed, nights=nights)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    sample.write(page_format, remembered(), path)
    return path


class Alive(Watched):
    """A page whose script has done its work; ``fragment`` stands behind # in its address."""

    def __init__(self, browser: Browser, path: Path, fragment: str = "", *, scheme: str = "light") -> None:
        super().__init__(browser, path, scripts=True)
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if fragment:
            self.page.goto("about:blank")
            self.page.goto(f"{path.as_uri()}#{fragment}")
        self.page.wait_for_selector("html[data-ready]")

    @property
    def lines(self) -> Locator:
        return self.page.locator("#all-findings button.open")

    def pick(self, name: str, value: str) -> None:
        self.page.locator(f"#filters select[name={name}]").select_option(value)


def test_it_asks_for_nothing_and_the_browser_has_no_complaint(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        alive.lines.first.click()
        alive.page.wait_for_selector(".below .evidence")
        assert [url for url in alive.requests if not url.startswith("data:")] == [report.as_uri()]
        assert alive.complaints == []


def test_findings_are_filtered_searched_and_sorted_and_the_address_says_so(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        alive.pick("status", "fail")
        alive.pick("rule_id", "AMA-001")
        before = alive.lines.count()
        alive.page.locator(".live input[type=search]").fill("vm-app-01")
        expect(alive.lines).not_to_have_count(before)
        assert all("vm-app-01" in name for name in alive.lines.all_inner_texts())
        alive.page.get_by_role("button", name=re.compile("^Machine")).first.click()
        alive.page.get_by_role("button", name=re.compile("^Machine")).first.click()
        alive.page.wait_for_url(re.compile(r"sort=-\d"))
        names = alive.lines.all_inner_texts()
        assert names == sorted(names, reverse=True)
        assert "#findings?q=vm-app-01&status=fail&rule_id=AMA-001&sort=-" in alive.page.url


def test_an_address_with_filters_shows_that_view_again(browser: Browser, report: Path) -> None:
    with Alive(browser, report, "findings?status=exempt&rule_id=AMA-002&q=vm-app") as alive:
        assert alive.page.locator("#filters select[name=status]").input_value() == "exempt"
        assert set(alive.page.locator("#all-findings .badge").all_inner_texts()) == {"Exempt"}
        alive.page.get_by_role("button", name="Show everything").click()
        expect(alive.page.locator("#filters select[name=status]")).to_have_value("")
    with Alive(browser, report, "by_rule?q=AMA-003") as alive:
        assert alive.page.locator("table[data-name=by_rule] tbody tr").count() == 1


def test_a_finding_opens_to_its_history_evidence_and_remedy_and_the_address_leads_back(
    browser: Browser, report: Path
) -> None:
    with Alive(browser, report, "findings?status=fail&change=new") as alive:
        assert alive.lines.count() == 1
        alive.lines.first.focus()
        alive.page.keyboard.press("Enter")
        below = alive.page.locator(".below")
        expect(below.locator(".history")).to_contain_text("Failing for 23 nights, 0.")
        assert "Regional versions" in below.locator(".evidence").inner_text()
        assert below.get_by_role("link", name="Open in the Azure portal").get_attribute("href") == (
            f"https://portal.azure.com/#resource{sample.LONG_ID.format('vm-app-001').rsplit('/extensions', 1)[0]}"
        )
        assert below.locator("pre").all_inner_texts() == [sample.COMMANDS.azure_cli, sample.COMMANDS.azure_powershell]
        address = alive.page.url.split("#", 1)[1]
    with Alive(browser, report, address) as again:
        expect(again.page.locator(".below .evidence")).to_be_visible()


def test_a_command_is_copied_and_the_page_says_so_aloud(browser: Browser, report: Path) -> None:
    with Alive(browser, report, "findings?status=fail&rule_id=AMA-001") as alive:
        alive.context.grant_permissions(["clipboard-read", "clipboard-write"])
        alive.lines.first.click()
        alive.page.get_by_role("button", name="Copy: Azure CLI").click()
        expect(alive.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        assert alive.page.evaluate("navigator.clipboard.readText()") == sample.COMMANDS.azure_cli


def test_where_the_browser_keeps_the_clipboard_it_is_copied_by_selecting(browser: Browser, report: Path) -> None:
    with Alive(browser, report, "findings?status=fail&rule_id=AMA-001") as alive:
        alive.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('kept')); }")
        alive.lines.first.click()
        alive.page.get_by_role("button", name="Copy: Azure CLI").click()
        expect(alive.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        assert alive.page.locator("textarea").count() == 0


def test_names_come_out_as_they_are_and_as_no_markup(browser: Browser, report: Path) -> None:
    with Alive(browser, report, "findings?q=alert") as alive:
        assert alive.lines.all_inner_texts() == list(sample.HOSTILE[:2])
        alive.lines.first.click()
        expect(alive.page.locator(".below .evidence")).to_contain_text(sample.HOSTILE[0])
        assert alive.page.locator("#all-findings").locator("script, img").count() == 0
        assert alive.complaints == []


def test_the_export_holds_the_view_and_no_formula(browser: Browser, report: Path, tmp_path: Path) -> None:
    with Alive(browser, report, "findings?rule_id=AMA-002&status=fail") as alive:
        with alive.page.expect_download() as download:
            alive.page.get_by_role("button", name="Export as CSV").first.click()
        download.value.save_as(tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    failing = [one for one in findings_of(remembered()) if (one.rule_id, one.status) == ("AMA-002", Status.FAIL)]
    assert len(rows) == len(failing)
    assert not [cell for row in rows for cell in row.values() if looks_like_formula(cell)]
    assert "'+1+1" in {row["Machine"] for row in rows}
    assert rows[0]["Resource id"].startswith("/subscriptions/")


def test_the_picture_that_the_readme_shows_is_taken_of_such_a_page(
    browser: Browser, report: Path, tmp_path: Path
) -> None:
    take(browser, report, tmp_path / "preview.png")
    taken, shown = (path.read_bytes()[:24] for path in (tmp_path / "preview.png", PICTURE))
    assert taken == shown, "a PNG of the same width and height"


def test_a_card_and_the_contents_lead_to_their_findings(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        alive.page.get_by_role("link", name=re.compile("Unanswered")).first.click()
        expect(alive.page.locator("#filters select[name=status]")).to_have_value("unanswered")
        assert set(alive.page.locator("#all-findings .badge").all_inner_texts()) == {"Unanswered"}


def test_what_is_new_is_a_view_and_the_way_back_shows_all_again(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        every = alive.page.locator(".dt-info").first.inner_text()
        alive.page.locator(".changed a.c-new").click()
        expect(alive.lines).to_have_count(1)
        alive.page.go_back()
        expect(alive.page.locator(".dt-info").first).to_have_text(every)
        assert alive.page.locator("#filters select[name=change]").input_value() == ""
        assert alive.page.locator(".changed a.c-fixed").get_attribute("href") == "#departed"


@pytest.mark.parametrize("presses", [1, 2])
def test_versions_sort_as_versions_and_what_has_none_comes_last(browser: Browser, tmp_path: Path, presses: int) -> None:
    versions = ("1.9.0", None, "1.10.2", "1.10.10")
    told = [sample.finding(at, installed_version=version, latest_version=None) for at, version in enumerate(versions)]
    sample.write(page_format, sample.report(verdicts=told), tmp_path / "page.html")
    with Alive(browser, tmp_path / "page.html") as alive:
        for _press in range(presses):
            alive.page.locator("#all-findings th.c-installed_version").click()
        shown = ["1.9.0", "1.10.2", "1.10.10"][:: 1 if presses == 1 else -1]
        cells = alive.page.locator("#all-findings td.c-installed_version")
        expect(cells).to_have_text([*(f"{version} → not known" for version in shown), ""])


def test_an_export_is_named_by_the_day_of_the_report_and_its_table(browser: Browser, report: Path) -> None:
    """The sample's evening in UTC is the next day in Tokyo, which the page says."""
    with Alive(browser, report) as alive:
        with alive.page.expect_download() as download:
            alive.page.get_by_role("button", name="Export as CSV").first.click()
        assert download.value.suggested_filename == "audit-2026-03-03-findings.csv"


def test_each_finding_shows_its_severity_and_each_tables_pages_have_a_name(browser: Browser, report: Path) -> None:
    with Alive(browser, report) as alive:
        rules = alive.page.locator("#all-findings td.c-rule_id").all_inner_texts()
        assert {text.split("\n")[-1] for text in rules} <= set(sample.report().severity_words.values())
        names = alive.page.locator("nav").evaluate_all("all => all.map(each => each.ariaLabel)")
        assert "Pages of the table: Findings" in names
        assert len(names) == len(set(names))


def test_what_the_budget_leaves_out_is_said_and_the_news_stay(browser: Browser, tmp_path: Path) -> None:
    told = [
        sample.finding(number, change="new" if number == 4_999 else "still", reason=sha256(bytes(number)).hexdigest())
        for number in range(5_000)
    ]
    whole = sample.report(shown=10, verdicts=told)
    sample.write(page_format, whole, tmp_path / "whole.html")
    budget = (tmp_path / "whole.html").stat().st_size - 200_000
    sample.write(page_format, replace(whole, page_budget=budget), tmp_path / "small.html")
    assert (tmp_path / "small.html").stat().st_size <= budget
    with Alive(browser, tmp_path / "small.html", "findings?change=new") as alive:
        assert alive.lines.all_inner_texts() == ["vm-app-4999"]
        cut = alive.page.locator("#page-cut").inner_text()
        assert re.fullmatch(r"[\d,]+ of 5,000 findings are on this page, the new and the gravest first: .*", cut)


def violations(watched: Watched) -> list[tuple[str, list[str]]]:
    """What axe complains of, each with the first elements that it means."""
    told = Axe().run(watched.page).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in told]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, report: Path, scheme: str) -> None:
    with Alive(browser, report, scheme=scheme) as alive:
        alive.lines.first.click()
        alive.page.wait_for_selector(".below .evidence")
        assert violations(alive) == []


def test_axe_finds_nothing_without_scripts_having_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    """Axe is a script itself: the page's own is taken out instead."""
    still = tmp_path / "still.html"
    text = report.read_text(encoding="utf-8")
    still.write_text(re.sub(r'<script type="module">.*?</script>', "", text, flags=re.DOTALL), encoding="utf-8")
    with Watched(browser, still, scripts=True) as watched:
        assert violations(watched) == []
