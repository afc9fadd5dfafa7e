"""Two catalogues that say the same, and values as each language writes them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from auditor.catalogue import Catalogue
from auditor.collect.faults import grant
from auditor.compose.wording import Wording
from auditor.model.dataset import FRAMES, VIEWS, rule_column
from auditor.model.rule import AllOf, AnyOf, Comparison, Operator

ROOT = Path(__file__).parents[2]
ENGLISH, JAPANESE = Catalogue("en"), Catalogue("ja")
PLURAL_FORMS = ("_zero", "_one", "_two", "_few", "_many")
NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def texts(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text below, and where it stands; of what depends on the row, the words that it is chosen by too."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from texts(below, (*path, str(key)))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield from texts(below, (*path, str(at)))
    else:
        yield path, str(value)


def places(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name}


ALL = {
    catalogue.language: {
        path: text for path, text in texts(catalogue.sections) if path[0] not in ("readings", "declared")
    }
    for catalogue in (ENGLISH, JAPANESE)
}
READINGS = JAPANESE.sections["readings"]


def test_both_catalogues_have_the_same_texts_but_for_plural_forms() -> None:
    plain = {language: {path for path in told if not path[-1].endswith(PLURAL_FORMS)} for language, told in ALL.items()}
    assert plain["en"] == plain["ja"]


def test_a_plural_form_stands_beside_its_plain_text() -> None:
    for told in ALL.values():
        for path in told:
            if path[-1].endswith(PLURAL_FORMS):
                assert (*path[:-1], path[-1].rpartition("_")[0]) in told, path


def test_each_text_names_the_same_values_in_both() -> None:
    for path, text in ALL["ja"].items():
        assert places(text) == places(ALL["en"][path]), path


def test_what_chooses_an_explanation_is_the_same_in_both() -> None:
    chosen = {
        language: {
            path: text for path, text in told.items() if path[0] == "unexplained" and path[-1] not in ("why", "fix")
        }
        for language, told in ALL.items()
    }
    assert chosen["en"] == chosen["ja"]


def test_each_sentence_of_a_reading_names_the_same_values_when_it_is_told() -> None:
    for said, told in READINGS.items():
        assert places(said) == places(told), said


def test_each_meaning_that_is_told_is_one_that_the_data_set_declares() -> None:
    declared = {column.meaning[:1].upper() + column.meaning[1:] for frame in FRAMES.values() for column in frame}
    assert set(JAPANESE.sections["declared"]) <= declared


def test_each_sentence_of_a_reading_is_one_that_a_stage_writes() -> None:
    """collect's of what could not be read, deliver's of letters, and those of the stores on the archive."""
    rooms = ("collect", "deliver", "stores")
    source = "".join(file.read_text("utf-8") for room in rooms for file in (ROOT / "auditor" / room).rglob("*.py"))
    written = re.sub(r'"\s*\n\s*f?"', "", source)
    for said in (said for said in READINGS if not said.startswith("Grant the action")):
        pieces = [piece for piece in re.split(r"\{[^}]*\}", said) if piece.strip(" .,()")]
        longest = max(pieces, key=len)
        assert all(clause in written for clause in longest.strip(" .,:()").split(", ")), said


@pytest.mark.parametrize("actions", [("a/read",), ("a/read", "b/read")])
@pytest.mark.parametrize("scope", ["", "/subscriptions/1"])
def test_every_right_that_is_asked_for_is_asked_for_in_japanese(actions: tuple[str, ...], scope: str) -> None:
    told = JAPANESE.said(grant(actions, "Reader", scope))
    assert "、".join(actions) in told
    assert scope in told
    assert told.endswith("を許可してください。")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Azure refused to answer (HTTP 403 AuthorizationFailed): the identity may not perform Microsoft.X/read",
            "Azure が回答を拒否しました（HTTP 403 AuthorizationFailed）。ID に Microsoft.X/read の権限がありません",
        ),
        (
            "Only a part was answered: the clock of this machine is 12 min behind that of Azure",
            "一部しか回答がありませんでした（このマシンの時計が Azure の時計より 12 min 遅れています）",
        ),
        (
            "Azure refused to answer: the identity may not perform a/read and b/read",
            "Azure が回答を拒否しました。ID に a/read、b/read の権限がありません",
        ),
        (
            "Grant the actions a/read and b/read (role Reader (or Owner)) on /subscriptions/1.",
            "/subscriptions/1 に対する a/read、b/read アクション（ロール: Reader (or Owner)）を許可してください。",
        ),
        (
            "The service failed (HTTP 500: {curly} and\nlines)",
            "サービスでエラーが発生しました（HTTP 500: {curly} and\nlines）",
        ),
        ("A sentence and another that nobody translated.", "A sentence and another that nobody translated."),
    ],
)
def test_what_a_reading_says_is_told_as_far_as_it_is_known(said: str, told: str) -> None:
    assert JAPANESE.said(said) == told
    assert ENGLISH.said(said) == said


NAMES = frozenset(
    {
        "Azure CLI", "Azure CLI:", "Azure PowerShell", "Azure PowerShell:", "Resource Graph", "Resource Manager",
        "Log Analytics", "run.json", "Azure Policy", "Azure Arc", "Windows", "Linux", "ID",
    }
)  # fmt: skip
"""What has the same name in Japanese."""


def test_every_text_is_translated_or_a_name() -> None:
    def japanese(text: str) -> bool:
        return any("\u3040" <= character <= "\u9fff" for character in text)

    left = {
        text
        for path, text in ALL["ja"].items()
        if path[0] != "formats" and path[-1] not in ("kind", "availability", "on") and not japanese(text)
    }
    assert {text for text in left if any(map(str.isalpha, text)) and not places(text)} <= NAMES


def test_every_column_and_every_word_that_a_rule_can_name_has_its_word() -> None:
    for catalogue in (ENGLISH, JAPANESE):
        for column in (column for view in VIEWS.values() for column in view):
            assert column.name in catalogue.sections["columns"], (catalogue.language, column.name)
            assert {*map(str, column.words)} <= set(catalogue.sections["values"]), (catalogue.language, column.name)


@pytest.mark.parametrize(
    ("language", "number", "share", "day", "minute", "span", "listed"),
    [
        ("en", "1,234,567", "1,234.5", "2026-11-22", "2026-11-22 12:00 JST", "14 days", "a, b, c"),
        ("ja", "1,234,567", "1,234.5", "2026/11/22", "2026/11/22 12:00 JST", "14 日", "a、b、c"),
    ],
)
def test_each_language_writes_values_its_own_way(
    language: str, number: str, share: str, day: str, minute: str, span: str, listed: str
) -> None:
    wording = Wording(language, "Asia/Tokyo")
    assert wording.number(1_234_567) == number
    assert wording.number(1234.5) == share
    assert wording.day(date(2026, 11, 22)) == day
    assert wording.moment(NOON) == minute
    assert wording.span(timedelta(days=14, hours=5)) == span
    assert wording.listed(["a", "b", "c"]) == listed


def test_a_month_and_the_smaller_spans_in_japanese() -> None:
    assert JAPANESE.month(date(2025, 10, 1)) == "2025年10月"
    assert [JAPANESE.span(timedelta(hours=each)) for each in (0, 5, 0.2)] == ["0 日", "5 時間", "12 分"]


def test_nothing_listed_is_empty_and_prose_leaves_out_what_is() -> None:
    assert JAPANESE.listed([]) == ""
    assert (ENGLISH.prose(["One.", "", "Two."]), JAPANESE.prose(["一。", "", "二。"])) == ("One. Two.", "一。二。")


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "1 virtual machine", "1,200 virtual machines"),
        ("ja", "仮想マシン 1 台", "仮想マシン 1,200 台"),
    ],
)
def test_the_count_chooses_the_plural_form_where_the_language_has_one(language: str, one: str, many: str) -> None:
    say = Catalogue(language).say
    assert (say("summaries", "vm", count=1), say("summaries", "vm", count=1200)) == (one, many)


def test_a_text_that_is_not_there_is_an_error_whatever_the_count() -> None:
    with pytest.raises(KeyError):
        ENGLISH.say("summaries", "no_such_text", count=1)


def test_words_of_data_are_told_in_japanese_and_stay_for_machines() -> None:
    wording = Wording("ja", "Asia/Tokyo")
    column, tag, text = (rule_column("machines", name) for name in ("availability", "tags.env", "managed_by"))
    assert column
    assert tag
    assert text
    assert wording.told(column, "stopped") == ("stopped", "停止")
    assert wording.told(column, None) == (None, "不明")
    assert wording.told(text, "none") == ("none", "なし")
    # A tag's value is its owner's word, but for the one that says that there is no such tag.
    assert wording.told(tag, '{"env": "none"}') == ("none", "none")
    assert wording.told(tag, "{}") == ("unset", "未設定")
    days = rule_column("machines", "days_stopped")
    assert days
    assert wording.told(days, (timedelta(days=14), None))[1] == "14 日以上"


def test_values_that_equal_each_other_are_written_each_in_its_own_way() -> None:
    in_tokyo = NOON.astimezone(ZoneInfo("Asia/Tokyo"))
    assert in_tokyo == NOON
    assert (ENGLISH.minute(NOON), ENGLISH.minute(in_tokyo)) == ("2026-11-22 03:00", "2026-11-22 12:00")
    assert (JAPANESE.number(1), JAPANESE.number(1.0)) == ("1", "1.0")


def test_a_condition_keeps_the_words_of_its_file() -> None:
    wording = Wording("ja", "UTC")
    enabled = Comparison("auto_upgrade", Operator.EQUALS, "enabled")
    late = Comparison("silent_for", Operator.AT_MOST, timedelta(days=1))
    assert wording.condition(AllOf((enabled, late))) == "auto_upgrade が enabled、silent_for が 1 日 以下"
    assert wording.condition(AnyOf((enabled,))) == "いずれかに該当 (auto_upgrade が enabled)"


def test_what_was_not_sent_and_not_kept_is_told_in_japanese() -> None:
    why = "mail.example.com was not reached: it did not answer in time."
    kept = "It is kept in /var/out.outbox/1-2-0.zip, and the next start sends it."
    assert JAPANESE.said(f"The letter of run 1-2 was not sent to a@example.com: {why} {kept}") == (
        "監査 1-2 のメールを a@example.com に送信できませんでした。mail.example.com に到達できませんでした"
        "（時間内に応答がありませんでした）。/var/out.outbox/1-2-0.zip に保管され、次回の実行時に送信されます。"
    )
    close = "Free some space on the disk that it lies on, or name another under archive.url."
    assert JAPANESE.said(f"The archive /var/archive could not be written: no space left on device. {close}") == (
        "アーカイブ /var/archive は書き込めませんでした（no space left on device）。ディスクの空き容量を増やすか、"
        "archive.url に別の場所を指定してください。"
    )
