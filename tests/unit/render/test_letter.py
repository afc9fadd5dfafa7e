"""letter.html and letter.txt of a small night beside those in ``tests/golden``, and in a real browser.

The pictures are left out of the golden files: fonts differ from machine to machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from auditor.catalogue import Catalogue
from auditor.compose import letter as compose_letter
from auditor.compose.letter import MOST, Correspondent
from auditor.model.delivery import When
from auditor.model.report import Changed, Finding, Night, Portion, Report
from auditor.model.rule import FIXES
from auditor.model.verdict import Status
from auditor.render.letter import letter
from tests.golden import golden
from tests.unit.compose import parts
from tests.unit.render import sample

_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
YESTERDAY = parts.NOW - timedelta(days=1)


def composed(found: Sequence[Finding] | None = None, *, title: str | None = None, **told: Any) -> Report:
    """The small estate of the compose tests with ``found`` in it, and a letter on ``told`` (fields of a report)."""
    settings = parts.composer().settings
    told_by = settings.report.model_copy(update={"link": "https://reports.example.com/azure/", "title": title})
    composer = parts.composer(settings=settings.model_copy(update={"report": told_by}))
    report = composer.report()
    made = parts.findings_of(report) if found is None else list(found)
    report = replace(report, verdicts=lambda: [Portion(made)], **told)
    order = replace(composer.order, formats=("html", "xlsx"))
    return replace(report, letter=Correspondent(report, order, composer.coverage, composer.wording).letter())


def remembered() -> Report:
    """A night with an archive: something is new, something still fails, something is fixed; three nights of trend."""
    words: Mapping[Status, Iterator[tuple[str, str]]] = {
        Status.FAIL: iter([("new", "New since last night.")] * 2 + [("still", "Failing for 23 nights.")] * 9),
        Status.PASS: iter([("fixed", "Fixed after 4 nights.")] * 9),
    }
    found = []
    for each in parts.findings():
        change, history = next(words.get(each.status, iter(())), (None, None))
        found.append(each._replace(change=change, history=history, nights=1))
    counts = {"new": 2, "still": 2, "fixed": sum(each.change == "fixed" for each in found)}
    changed = Changed(YESTERDAY, counts, "Since 2026-11-21: 2 new failures, 2 still.")
    nights = tuple(
        Night(parts.NOW - timedelta(days=2 - at), f"run-{at}", {Status.FAIL: 2 + at, Status.UNANSWERED: 6}, False)
        for at in range(3)
    )
    return composed(found, changed=changed, nights=nights)


def written(report: Report, folder: Path) -> tuple[str, str]:
    """Both files as text, the pictures taken out of the first."""
    sample.write(letter, report, folder)
    html, text = ((folder / name).read_text(encoding="utf-8") for name in ("letter.html", "letter.txt"))
    return _PICTURE.sub("PICTURE", html), text


def test_both_files_are_the_golden_ones(tmp_path: Path) -> None:
    html, text = written(remembered(), tmp_path)

    assert text == golden("letter.txt", text)
    assert html == golden("letter.html", html)


def test_nights_that_judged_nothing_have_no_empty_chart() -> None:
    nights = tuple(Night(parts.NOW - timedelta(days=ago), str(ago), {}, False) for ago in (1, 0))
    told = composed([], nights=nights).letter
    assert told is not None and "trend" not in {chart.key for chart in told.charts}


def test_what_several_share_is_said_of_all_and_news_are_not_called_new_again(tmp_path: Path) -> None:
    new = next(each for each in parts.findings() if each.status is Status.FAIL)
    pair = [new._replace(machine_name=name, change="new", history="New since last night.") for name in ("one", "two")]
    html, text = written(composed(pair, changed=Changed(YESTERDAY, {"new": 2}, "Two.")), tmp_path)

    assert f"All 2: {new.reason}" in text and "All 2:</b>" in html
    assert "New since last night." not in text + html


def test_the_subject_says_what_is_new_what_stays_and_what_was_not_read() -> None:
    told = remembered().letter
    assert told is not None

    fixed = remembered().changed.counts["fixed"]  # type: ignore[union-attr]  # it is remembered
    assert told.envelope.subject == (
        f"2 new failures, 2 still, {fixed} fixed; 3 subscriptions could not be read - Azure extension audit"
    )


@pytest.mark.parametrize(
    ("counts", "subject", "occasions"),
    [
        ({"new": 1, "still": 41}, "1 new failure, 41 still", {When.ALWAYS, When.FAILURES, When.NEW_FAILURES}),
        ({"still": 1_200}, "no new failure, 1,200 still", {When.ALWAYS, When.FAILURES}),
        ({"changed": 1}, "no new failure, 1 changed", {When.ALWAYS, When.FAILURES, When.NEW_FAILURES}),
    ],
)
def test_each_night_is_the_occasions_that_it_is(counts: Mapping[str, int], subject: str, occasions: set[When]) -> None:
    told = composed(changed=Changed(YESTERDAY, counts, "Since last night.")).letter
    assert told is not None

    assert told.envelope.subject.startswith(f"{subject}; 3 subscriptions could not be read")
    assert told.envelope.occasions == occasions | {When.INCOMPLETE}


def test_without_an_earlier_night_every_failure_may_be_new() -> None:
    told = composed().letter
    assert told is not None

    assert told.envelope.subject.startswith("4 failures on 2 machines; 3 subscriptions could not be read")
    assert told.envelope.occasions == frozenset(When)


@pytest.mark.parametrize(
    "title", ["Bcc: victim@example.com", "two\r\nlines\nBcc: x@example.com", "a\x00b\u202ec", "x" * 300]
)
def test_no_title_makes_the_subject_more_than_a_line(title: str) -> None:
    told = composed(title=title).letter
    assert told is not None

    assert told.envelope.subject.isprintable()
    assert told.envelope.subject.startswith("4 failures on 2 machines")


def hostile() -> Report:
    """More new failures than there is room for, under names that nobody should trust."""
    found = [each._replace(change="new", history=each.reason) for each in sample.hostile_findings()]
    found += [sample.finding(number, change="new") for number in range(200)]
    counts = {"new": len(found), "fixed": 3}
    gone = [each._replace(status=Status.PASS, change="fixed") for each in sample.hostile_findings()[:3]]
    return composed([*found, *gone], changed=Changed(YESTERDAY, counts, f"Since {sample.HOSTILE[0]}"))


def test_hostile_names_stay_text_and_the_letter_stays_small(tmp_path: Path) -> None:
    html, text = written(hostile(), tmp_path)

    assert len(html.encode()) < 100_000
    assert len(text.encode()) < 30_000
    assert not re.search(r"<(script|iframe|form|object|link)\b", html)
    assert "<img src=x" not in html and " onerror=" not in re.sub(r"&[a-z]+;|>[^<]*<", "", html)
    assert re.findall(r"\bsrc=\"(?!PICTURE)", html) == [], "nothing is loaded"
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", html + text)
    assert all(line.startswith("* ") for line in text.splitlines() if "alert(1)" in line and "Owner" in line)


def test_it_says_how_many_more_there_are_and_where(tmp_path: Path) -> None:
    html, text = written(hostile(), tmp_path)
    more = len(sample.HOSTILE) + 200 - MOST["new"]

    for told in (html, text):
        assert f"{more} more are in the report." in told
    assert text.count("\n* ") == MOST["new"] + 3


def test_every_fix_has_its_line_and_every_word_of_the_letter_is_used() -> None:
    sections = {name: Catalogue("en").sections[name] for name in ("briefs", "letter")}
    assert set(sections["briefs"]) == FIXES
    said = set(re.findall(r'"([a-z_]+)"', Path(str(compose_letter.__file__)).read_text(encoding="utf-8")))
    said |= {f"part_{change}" for change in MOST} | {f"chart_{key}" for key in ("trend", "by_rule")}
    assert {re.sub("_(one|none)$", "", key) for key in sections["letter"]} <= said


@pytest.mark.parametrize("of", [remembered, hostile])
def test_axe_finds_nothing_and_nothing_is_asked_for(browser: Browser, tmp_path: Path, of: Any) -> None:
    """On a telephone and on a desk, in light and in dark; nothing is wider than the window."""
    sample.write(letter, of(), tmp_path)
    page = browser.new_page(viewport={"width": 360, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "letter.html").as_uri())
    for width, scheme in ((360, "light"), (600, "dark"), (1200, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert page.locator("table.sheet").bounding_box()["width"] < 640  # type: ignore[index]  # it is there
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    page.close()


def test_every_picture_says_in_words_what_it_shows(browser: Browser, tmp_path: Path) -> None:
    sample.write(letter, remembered(), tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "letter.html").as_uri())

    pictures = page.locator("img")
    assert pictures.count() == 2
    told = [str(pictures.nth(at).get_attribute("alt")) for at in range(2)]
    assert told[0] == "11-20: 2 fail, 6 unanswered; 11-21: 3 fail, 6 unanswered; 11-22: 4 fail, 6 unanswered"
    assert "AMA-001: 1 fail, 2 unanswered, 2 pass" in told[1]
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 900)")
    page.close()
