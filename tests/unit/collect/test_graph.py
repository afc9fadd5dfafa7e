"""Bulk answers: every way in which rows can be missing is a gap, and what was read stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from auditor.collect import graph
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.graph import Told, ask, resource
from auditor.collect.queries import Query
from auditor.collect.session import Answered, Session
from auditor.collect.sources.scale_sets import find_scale_sets
from auditor.model.reading import Harvest, Row, Service, Source

ONE, TWO, THREE = (f"{digit * 8}-0000-0000-0000-00000000000a" for digit in "123")
LIST = Source.VIRTUAL_MACHINES
QUERY = Query("resources | project id, subscriptionId | order by id asc")
BEGAN = datetime(2026, 11, 22, 3, tzinfo=UTC)


def thing(name: str, subscription: object = ONE, **more: Any) -> dict[str, Any]:
    return {"id": f"/subscriptions/{subscription}/things/{name}", "subscriptionId": subscription, **more}


Change = Callable[[dict[str, Any], int], None]


@dataclass
class Shelf:
    """A small Resource Graph: cuts its rows by position, as the service does, and does not know what they are.

    ``change`` alters the answer to the nth question before it goes out; ``most`` rows fit into one answer.
    """

    rows: list[dict[str, Any]]
    change: Change = lambda _body, _nth: None
    headers: Mapping[str, str] = field(default_factory=dict)
    most: int = 10**9
    fails: Mapping[int, Fault] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def clock(self) -> datetime:
        return BEGAN + timedelta(minutes=len(self.asked))

    def query_graph(self, source: Source, parameters: Mapping[str, str], question: Mapping[str, Any]) -> Answered:
        assert (source, parameters) == (LIST, {"api-version": "2021-03-01"})
        self.asked.append(dict(question))
        nth = len(self.asked)
        if nth in self.fails:
            raise self.fails[nth]
        options = question["options"]
        start, size = int(options.get("$skipToken", 0)), options["$top"]
        if min(size, len(self.rows) - start) > self.most:
            raise Fault(FaultKind.UNREADABLE, "too much", "ask less", 400, "BadRequest", ("ResponsePayloadTooLarge",))
        chunk = self.rows[start : start + size]
        body = {"totalRecords": len(self.rows), "count": len(chunk), "resultTruncated": "false", "data": chunk}
        if start + size < len(self.rows):
            body["$skipToken"] = str(start + size)
        self.change(body, nth)
        return Answered(body, self.headers)


def read(entry: dict[str, Any], subscription: str) -> Row:
    return {"id": entry["id"], "subscription_id": subscription}


def told(shelf: Shelf, *subscriptions: str) -> Told:
    return ask(cast(Session, shelf), LIST, QUERY, subscriptions or (ONE,), read)


def names(answer: Told, subscription: str = ONE) -> list[str]:
    return [str(row["id"]).rsplit("/", 1)[-1] for row in answer.rows.get(subscription, [])]


def why(answer: Told, subscription: str = ONE) -> str:
    """The reason of a gap, which must have a way out too."""
    fault = answer.faults[subscription]
    assert fault.close
    return fault.reason


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a page: the number is data, not behaviour."""
    monkeypatch.setattr(graph, "MOST_ROWS", 2)


def letters(text: str) -> list[dict[str, Any]]:
    return [thing(each) for each in text]


# --- whole answers ---


def test_pages_follow_each_other_to_the_last(small_pages: None) -> None:
    shelf = Shelf(letters("abcde"))
    answer = told(shelf)
    assert (names(answer), answer.faults) == (list("abcde"), {})
    assert [each["options"] for each in shelf.asked] == [
        {"resultFormat": "objectArray", "$top": 2},
        {"resultFormat": "objectArray", "$top": 2, "$skipToken": "2"},
        {"resultFormat": "objectArray", "$top": 2, "$skipToken": "4"},
    ]
    assert {each["query"] for each in shelf.asked} == {QUERY.text}


def test_each_row_was_read_when_its_page_was(small_pages: None) -> None:
    rows = told(Shelf(letters("abc"))).rows[ONE]
    assert [row["read_at"] for row in rows] == [BEGAN + timedelta(minutes=minute) for minute in (1, 1, 2)]


def test_a_subscription_without_rows_is_read_too() -> None:
    shelf = Shelf([thing("a"), thing("b", THREE)])
    harvest = told(shelf, ONE, TWO, THREE).harvest(cast(Session, shelf), LIST, "machines", (ONE, TWO, THREE))
    assert [(each.scope, each.complete, each.rows) for each in harvest.readings] == [
        (ONE, True, 1), (TWO, True, 0), (THREE, True, 1),
    ]  # fmt: skip
    assert {each.by for each in harvest.readings} == {Service.RESOURCE_GRAPH}


def test_at_most_a_thousand_subscriptions_are_asked_for_at_once() -> None:
    many = [f"{number:08}-0000-0000-0000-000000000000" for number in range(1_001)]
    shelf = Shelf([])
    assert told(shelf, *many).faults == {}
    assert [len(each["subscriptions"]) for each in shelf.asked] == [1_000, 1]


def test_the_table_format_tells_the_same() -> None:
    def as_table(body: dict[str, Any], _nth: int) -> None:
        columns = [{"name": "id", "type": "string"}, {"name": "subscriptionId", "type": "string"}]
        body["data"] = {"columns": columns, "rows": [[row["id"], row["subscriptionId"]] for row in body["data"]]}

    answer = told(Shelf(letters("abc"), as_table))
    assert (names(answer), answer.faults) == (list("abc"), {})


def test_a_subscription_is_shown_as_it_was_asked_for() -> None:
    answer = told(Shelf([thing("a", ONE.upper())]))
    assert [row["subscription_id"] for row in answer.rows[ONE]] == [ONE]


def test_rows_of_others_are_passed_over() -> None:
    answer = told(Shelf([thing("a"), thing("b", TWO)]))
    assert (set(answer.rows), answer.faults) == ({ONE}, {})


def test_cut_short_with_a_way_on_is_a_page_like_any(small_pages: None) -> None:
    def more(body: dict[str, Any], _nth: int) -> None:
        body["resultTruncated"] = "true" if "$skipToken" in body else "false"

    answer = told(Shelf(letters("abc"), more))
    assert (names(answer), answer.faults) == (list("abc"), {})


def test_a_page_that_is_too_large_is_asked_for_in_halves() -> None:
    shelf = Shelf([thing(f"{number:04}") for number in range(400)], most=130)
    answer = told(shelf)
    assert (len(answer.rows[ONE]), answer.faults) == (400, {})
    assert [each["options"]["$top"] for each in shelf.asked] == [1000, 500, 250, 125, 125, 125, 125]


def test_halves_go_down_to_a_single_row_and_no_further() -> None:
    shelf = Shelf(letters("ab"), most=0)
    answer = told(shelf)
    assert why(answer) == "too much"
    assert [each["options"]["$top"] for each in shelf.asked] == [1000, 500, 250, 125, 62, 31, 15, 7, 3, 1]


# --- answers with less than the whole ---


def always(**changes: Any) -> Change:
    return lambda body, _nth: body.update(changes)


@pytest.mark.parametrize("word", ["true", "True", True])
def test_cut_short_without_a_way_on_is_a_gap(word: object) -> None:
    answer = told(Shelf(letters("ab"), always(resultTruncated=word)))
    assert "cut its answer short" in why(answer)
    assert names(answer) == ["a", "b"]


@pytest.mark.parametrize("name", ["x-ms-tenant-subscription-limit-hit"])
def test_more_subscriptions_than_a_question_may_span_are_a_gap(name: str) -> None:
    assert "more subscriptions" in why(told(Shelf(letters("a"), headers={name: "true"})))
    assert told(Shelf(letters("a"), headers={name: "false"})).faults == {}


@pytest.mark.parametrize(("total", "said"), [(3, "2 rows came, of 3"), (1, "2 rows came, of 1"), (None, "is not told")])
def test_another_number_of_rows_than_was_promised_is_a_gap(total: object, said: str) -> None:
    answer = told(Shelf(letters("ab"), always(totalRecords=total)))
    assert said in why(answer)
    assert names(answer) == ["a", "b"]


def test_what_moves_while_it_is_read_is_read_once_more(small_pages: None) -> None:
    """The first row goes after the first page: the third would slip through."""
    rows = letters("abcd")

    def lose(_body: dict[str, Any], nth: int) -> None:
        if nth == 1:
            rows.pop(0)

    shelf = Shelf(rows, lose)
    answer = told(shelf)
    assert (names(answer), answer.faults) == (list("bcd"), {})
    assert len(shelf.asked) == 4


def test_a_row_that_is_shown_twice_because_another_came_is_read_once_more(small_pages: None) -> None:
    rows = letters("bcd")

    def gain(_body: dict[str, Any], nth: int) -> None:
        if nth == 1:
            rows.insert(0, thing("a"))

    answer = told(Shelf(rows, gain))
    assert (names(answer), answer.faults) == (list("abcd"), {})


def test_what_never_stands_still_is_a_gap(small_pages: None) -> None:
    answer = told(Shelf(letters("abc"), lambda body, nth: body.update(totalRecords=2 + nth)))
    assert "came and went" in why(answer)
    assert names(answer) == ["a", "b", "c"]


def test_a_row_that_stays_double_is_a_gap_and_one_row() -> None:
    answer = told(Shelf([thing("a"), thing("b"), thing("A", ONE)]))
    assert "came and went" in why(answer)
    assert names(answer) == ["a", "b"]


@pytest.mark.parametrize(
    "odd", [{}, {"id": None}, {"id": ""}, {"id": 7}, {"subscriptionId": None}, {"subscriptionId": ""}, None, "x", 7]
)
def test_a_row_without_an_id_or_a_subscription_is_a_gap(odd: Any) -> None:
    broken = thing("b") | odd if isinstance(odd, dict) and odd else odd
    answer = told(Shelf([thing("a"), broken, thing("c")]))
    assert "without an id or a subscription: 1" in why(answer)
    assert names(answer) == ["a", "c"]


def test_pages_that_go_round_in_a_circle_end(small_pages: None) -> None:
    answer = told(Shelf(letters("abcdef"), always(**{"$skipToken": "2"})))
    assert "circle" in why(answer)


def test_a_page_without_rows_is_the_last(small_pages: None) -> None:
    shelf = Shelf(letters("ab"), lambda body, nth: body.update({"$skipToken": str(10 + nth)}))
    assert told(shelf).faults == {}
    assert len(shelf.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        {}, {"data": None}, {"data": {}}, {"data": "x"}, {"data": {"columns": [], "rows": None}},
        {"error": {"code": "A", "message": "b"}}, [], None, 7,
    ],
)  # fmt: skip
def test_a_body_that_is_none_keeps_the_rows_before_it(small_pages: None, body: object) -> None:
    class Broken(Shelf):
        def query_graph(self, *question: Any) -> Answered:
            answered = super().query_graph(*question)
            return answered if len(self.asked) == 1 else Answered(body, {})

    answer = told(Broken(letters("abc")))
    assert names(answer) == ["a", "b"]
    assert answer.faults[ONE].kind is FaultKind.UNREADABLE


def test_a_batch_that_fails_is_a_gap_of_its_own_subscriptions_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_SUBSCRIPTIONS", 1)
    shelf = Shelf([thing("a", ONE), thing("b", TWO)], fails={1: Fault(FaultKind.UNAVAILABLE, "failed", "wait", 503)})
    answer = told(shelf, ONE, TWO)
    assert set(answer.faults) == {ONE}
    assert names(answer, TWO) == ["b"]


def test_a_page_that_fails_keeps_the_pages_before_it(small_pages: None) -> None:
    shelf = Shelf(letters("abc"), fails={2: Fault(FaultKind.THROTTLED, "later", "wait", 429)})
    answer = told(shelf)
    assert (names(answer), why(answer)) == (["a", "b"], "later")
    assert len(shelf.asked) == 2, "what failed is not what moved"


# --- rows ---


def test_a_row_becomes_what_resource_manager_would_have_answered() -> None:
    row = {"id": "x", "properties_a_b": None, "properties_a_c": 1, "sku_capacity": 3, "tags": {"a_b": "c"}}
    assert resource(row) == {
        "id": "x",
        "properties": {"a": {"b": None, "c": 1}},
        "sku": {"capacity": 3},
        "tags": {"a_b": "c"},
    }


def test_a_text_that_many_rows_share_is_held_once() -> None:
    def located(entry: dict[str, Any], _subscription: str) -> Row:
        return {"id": entry["id"], "location": entry["location"]}

    rows: Sequence[dict[str, Any]] = [thing(name, location="".join(("japan", "east"))) for name in "ab"]
    shelf = Shelf(list(rows))
    kept = ask(cast(Session, shelf), LIST, QUERY, (ONE,), located).rows[ONE]
    assert kept[0]["location"] is kept[1]["location"]


# --- models, which come apart from their scale sets ---


@dataclass
class Sets:
    """Answers with scale sets, whose models have so many extensions, and with extensions of those models."""

    counts: Mapping[str, object]
    extensions: Sequence[str]
    fault: Fault | None = None

    def clock(self) -> datetime:
        return BEGAN

    def query_graph(self, _source: Source, _parameters: Mapping[str, str], question: Mapping[str, Any]) -> Answered:
        if "mv-expand" not in question["query"]:
            rows = [thing(name, extensions=count) for name, count in self.counts.items()]
        elif self.fault is not None:
            raise self.fault
        else:
            rows = [thing(f"{each}/extensions/x{at}", scaleSet=each) for at, each in enumerate(self.extensions)]
        return Answered({"totalRecords": len(rows), "resultTruncated": "false", "data": rows}, {})


def scale_sets(double: Sets) -> Harvest:
    return find_scale_sets(cast(Session, double), [ONE])


def test_models_that_came_whole() -> None:
    harvest = scale_sets(Sets({"a": 2, "b": 0, "c": None}, ["a", "a"]))
    assert [each.complete for each in harvest.readings] == [True]
    assert [row["name"] for row in harvest.rows["scale_sets"]] == ["a", "b", "c"]
    assert not [key for row in harvest.rows["scale_sets"] for key in row if "told" in key]


@pytest.mark.parametrize(
    ("counts", "extensions"), [({"a": 2}, ["a"]), ({"a": 1}, []), ({"a": 0}, ["a"]), ({}, ["a"]), ({"a": "x"}, ["a"])]
)
def test_another_number_of_extensions_than_the_models_have_is_a_gap(
    counts: dict[str, object], extensions: list[str]
) -> None:
    """The service expands a list only so far, and says nothing of what it left out."""
    [reading] = scale_sets(Sets(counts, extensions)).readings
    assert not reading.complete and "extensions, and" in str(reading.reason)


def test_models_that_failed_are_a_gap_of_the_scale_sets() -> None:
    harvest = scale_sets(Sets({"a": 1}, [], Fault(FaultKind.UNAVAILABLE, "failed", "wait", 503)))
    assert [(each.complete, each.reason) for each in harvest.readings] == [(False, "failed")]
    assert [row["name"] for row in harvest.rows["scale_sets"]] == ["a"]
