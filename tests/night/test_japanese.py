"""A night in Japanese: what its reader sees is Japanese, or stands so in the data; what programs read stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from io import StringIO

import pytest
import yaml

from auditor.catalogue import Catalogue
from auditor.render.console import print_summary
from auditor.resources import rules_folder
from auditor.simulator import SeededEstate
from tests.night.parts import IN_BULK, NOW, Audited, Bench

REPORT = {"language": "ja", "time_zone": "Asia/Tokyo"}
FORMATS = ("html", "json", "xlsx")
FOR_PEOPLE = frozenset({"reason", "remediation", "evidence", "exemption"})
"""The keys of a finding that follow the language."""
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_WORD = re.compile("[A-Za-z]{2,}")
_NO_TEXT = re.compile(
    r"<!DOCTYPE[^>]*>|<script.*?</script>|<style.*?</style>|<pre.*?</pre>|<code.*?</code>|<[^>]+>", re.DOTALL
)

_PUT_TOGETHER = re.compile(r"[、（）]| (?=[0-9a-f]{8}-)")
_BY_ITSELF = re.compile(r"https://|[\w.-]+ \(sha256\)$|[0-9a-f-]{36}$|[\d/: ]+JST$|[A-Za-z0-9]+: ")
"""Links, files, ids and times; an operation's error, which is told as ``Code: message``."""


@pytest.fixture(scope="module")
def nights(shared_bench: Bench) -> tuple[Audited, Audited]:
    """The same data in English and in Japanese; a fourth subscription refuses to answer."""
    azure = shared_bench.simulate(SeededEstate(24, now=NOW))
    english = shared_bench.audit(azure, config={**IN_BULK, "report": {**REPORT, "language": "en"}}, formats=FORMATS[:2])
    return english, shared_bench.audit(azure, config={**IN_BULK, "report": REPORT}, formats=FORMATS)


@pytest.fixture(scope="module")
def japanese(nights: tuple[Audited, Audited]) -> Audited:
    return nights[1]


def strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, below in value.items():
                yield from (str(key), *strings(below))
        case list() | tuple():
            for below in value:
                yield from strings(below)


def english_texts() -> Iterator[str]:
    """What the English report says of itself, in pieces between the values that are filled in."""
    japanese = set(strings(dict(Catalogue("ja").sections)))
    rules = [yaml.safe_load(file.read_text("utf-8")) for file in rules_folder().glob("*-???.yaml")]
    told = [*strings(dict(Catalogue("en").sections)), *(text for rule in rules for text in in_english(rule))]
    for text in (text for text in told if text not in japanese):
        yield from (piece.strip(" .,:;()") for piece in re.split(r"\{[^}]*\}", text))


def in_english(value: object) -> Iterator[str]:
    match value:
        case {"en": str(text)}:
            yield text
        case dict():
            for below in value.values():
                yield from in_english(below)
        case list():
            for below in value:
                yield from in_english(below)


def nodes(page: str) -> list[str]:
    """The texts of the page, but for commands and codes."""
    return [text for part in _NO_TEXT.split(page) if (text := " ".join(unescape(part).split()))]


def english_in(texts: Iterable[str]) -> set[str]:
    """Texts with words of the English report: sentences of two words and more, wherever they stand."""
    known = {piece for piece in english_texts() if len(_WORD.findall(piece)) > 1 and len(piece) > 15}
    return {text for text in texts if any(piece in text for piece in known)}


def of_data(japanese: Audited) -> str:
    """Everything that came from Azure and the configuration, as the files for programs have it."""
    rows = [{key: value for key, value in each.items() if key not in FOR_PEOPLE} for each in japanese.findings]
    values = [evidence["value"] for each in japanese.findings for evidence in each["evidence"]]
    subscriptions = [cell for row in japanese.table("subscriptions") for cell in row[:5]]
    return "\n".join(" ".join(text.split()) for text in strings([rows, values, japanese.run, subscriptions]))


def test_the_page_says_that_it_is_japanese(japanese: Audited) -> None:
    assert '<html lang="ja">' in japanese.page
    assert "時刻のタイム ゾーン: Asia/Tokyo (UTC+09:00)" in japanese.page_text
    assert "2026/11/22 12:00" in japanese.page_text


def test_every_text_of_the_page_is_japanese_or_data(japanese: Audited) -> None:
    known = "\n".join((of_data(japanese), "custom", *strings(dict(Catalogue("ja").sections))))
    texts = (text for text in nodes(japanese.page) if _WORD.search(text) and not _JAPANESE.search(text))
    parts = {part.strip() for text in texts for part in _PUT_TOGETHER.split(text)}
    assert {part for part in parts if part not in known and not _BY_ITSELF.match(part)} == set()


def test_no_sentence_of_the_english_report_is_left(nights: tuple[Audited, Audited]) -> None:
    english, japanese = nights
    assert len(english_in(nodes(english.page))) > 100, "it finds English where there is some"
    assert english_in(nodes(japanese.page)) == set()
    cells = [
        str(cell) for name in japanese.workbook.sheet_names for row in japanese.sheet(name) for cell in row if cell
    ]
    assert english_in(cells) == set()


def test_the_workbook_has_japanese_sheets_with_real_dates_and_numbers(japanese: Audited) -> None:
    assert japanese.workbook.sheet_names[:3] == ["概要", "検出事項", "マシン"]
    head, first, *_rest = japanese.sheet("検出事項")
    at = {str(name): column for column, name in enumerate(head)}
    assert first[at["判定"]] == "不適合"
    read = japanese.sheet("読み取り")
    assert read[0][4] == "読み取り開始 (Asia/Tokyo)"
    meanings = [row[3] for row in japanese.sheet("データ辞書")]
    assert not [meaning for meaning in meanings if not _JAPANESE.search(str(meaning))]
    assert hasattr(read[1][4], "year")
    assert isinstance(read[1][1], float)


def test_the_console_speaks_the_language_of_the_report(japanese: Audited) -> None:
    stream = StringIO()
    print_summary(japanese.report, japanese.folder, stream)
    text = stream.getvalue()
    assert text.startswith("報告書: ")
    assert "この監査は不完全です。" in text
    assert english_in(text.splitlines()) == set()


def test_the_files_for_programs_differ_in_sentences_alone(nights: tuple[Audited, Audited]) -> None:
    english, japanese = (
        [{key: value for key, value in each.items() if key not in FOR_PEOPLE} for each in night.findings]
        for night in nights
    )
    assert json.dumps(english) == json.dumps(japanese)
    assert nights[0].run["counts"] == nights[1].run["counts"]
    assert nights[0].run["gaps"] == nights[1].run["gaps"]
    values = [[e["value"] for each in night.findings for e in each["evidence"]] for night in nights]
    assert values[0] == values[1]
