"""Versions, activity log and heartbeats in odd shapes: what cannot be read is a gap, never an empty answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.interface import Window
from auditor.collect.session import Session
from auditor.collect.sources.activity_log import read_arc_operations, read_operations
from auditor.collect.sources.extension_versions import read_versions
from auditor.collect.sources.heartbeats import Line, fold_stays, read_heartbeats
from auditor.model.reading import Harvest, Reading, Service, Source
from tests.real.night import activity_path, versions_path
from tests.real.replay import Answer, Replay
from tests.unit.collect.test_folding import AGENT, SUBSCRIPTION, event, failed

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC))
TYPE = "AzureMonitorLinuxAgent"
WORKSPACE = "99999999-0000-0000-0000-000000000000"


def only(harvest: Harvest) -> Reading:
    [reading] = harvest.readings
    if not reading.complete:
        assert reading.reason and reading.close
        assert not [odd for odd in ("{", "<", "None", "Traceback") if odd in reading.reason]
    return reading


# --- versions ---


def versions(replay: Replay, session: Session, body: object, *askers: str) -> Harvest:
    replay.give(versions_path("westus", TYPE), body if isinstance(body, Answer) else Answer.json(body))
    return read_versions(session, "vm", "westus", "Microsoft.Azure.Monitor", TYPE, askers or (SUBSCRIPTION,))


def test_names_are_kept_as_they_are(replay: Replay, session: Session) -> None:
    names = ["1.9.0", "1.10.0.0", "1.2", "latest", ""]
    harvest = versions(replay, session, [{"name": name, "location": "westus"} for name in names])
    assert [row["version"] for row in harvest.rows["versions"]] == names
    assert {(row["machine_kind"], row["location"]) for row in harvest.rows["versions"]} == {("vm", "westus")}
    assert (only(harvest).complete, only(harvest).rows) == (True, 5)
    assert only(harvest).scope == "westus/microsoft.azure.monitor/azuremonitorlinuxagent"


@pytest.mark.parametrize(
    "body",
    [
        None, {}, {"value": [{"name": "1.0"}]}, 7, "1.0", {"error": {"code": "A", "message": "b"}}, [None], ["1.0"],
        [{"name": "1.0"}, {}], [{"name": None}], [{"name": 1.33}], [{"id": "x"}], [[]],
        Answer(200, b"<html>"), Answer(200, b""), Answer(204), Answer(200, b'[{"name": "1.'),
    ],
)  # fmt: skip
def test_what_is_no_list_of_names_is_a_gap(replay: Replay, session: Session, body: object) -> None:
    """A list of which a part cannot be read is not read either: the latest may be in that part."""
    harvest = versions(replay, session, body)
    assert not only(harvest).complete
    assert "versions" not in harvest.rows


def test_three_subscriptions_are_asked_and_no_more(replay: Replay, session: Session) -> None:
    askers = [f"{digit * 8}-0000-0000-0000-000000000000" for digit in "12345"]
    harvest = read_versions(session, "vm", "westus", "Microsoft.Azure.Monitor", TYPE, askers)
    assert only(harvest).status == 404
    assert [each.path.split("/")[2] for each in replay.asked] == askers[:3]


def test_nobody_can_ask(replay: Replay, session: Session) -> None:
    harvest = read_versions(session, "vm", "westus", "Microsoft.Azure.Monitor", TYPE, ())
    assert not only(harvest).complete and replay.asked == []


ARC_VERSIONS = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.HybridCompute/locations/westus"
    f"/publishers/Microsoft.Azure.Monitor/extensionTypes/{TYPE}/versions"
)


def arc_versions(replay: Replay, session: Session, body: object) -> Harvest:
    replay.give(ARC_VERSIONS, body if isinstance(body, Answer) else Answer.json(body))
    return read_versions(session, "arc", "westus", "Microsoft.Azure.Monitor", TYPE, (SUBSCRIPTION,))


def test_arc_has_a_list_of_its_own_in_pages(replay: Replay, session: Session) -> None:
    """As documented: an object with ``value``, the newest first; the version stands in two places."""
    first = {"name": "1.33.1", "properties": {"version": "1.33.1", "extensionType": TYPE.lower()}}
    replay.give("/arc-2", Answer.json({"value": [{"name": "1.31.0"}, {"properties": {"version": "1.30.0"}}]}))
    harvest = arc_versions(replay, session, {"value": [first], "nextLink": f"{replay.origin}/arc-2"})
    told = [(row["machine_kind"], row["publisher"], row["version"]) for row in harvest.rows["versions"]]
    assert told == [("arc", "Microsoft.Azure.Monitor", each) for each in ("1.33.1", "1.31.0", "1.30.0")]
    reading = only(harvest)
    assert (reading.source, reading.complete, reading.rows) == (Source.ARC_EXTENSION_VERSIONS, True, 3)
    assert reading.scope == "westus/microsoft.azure.monitor/azuremonitorlinuxagent"


def test_a_region_that_offers_nothing_to_arc_was_read(replay: Replay, session: Session) -> None:
    harvest = arc_versions(replay, session, {"value": []})
    assert (only(harvest).complete, only(harvest).rows, harvest.rows) == (True, 0, {})


@pytest.mark.parametrize(
    "body",
    [
        None, [], {}, {"value": None}, {"value": ["1.0"]}, {"value": [{}]}, {"value": [{"name": 1}]},
        {"value": [{"name": "1.0"}, {"properties": {}}]}, Answer(200, b"<html>"), Answer(403), Answer(404),
    ],
)  # fmt: skip
def test_what_is_no_list_of_arc_versions_is_a_gap(replay: Replay, session: Session, body: object) -> None:
    harvest = arc_versions(replay, session, body)
    assert not only(harvest).complete
    assert "versions" not in harvest.rows


def test_versions_are_asked_through_one_client_whoever_asks(replay: Replay, session: Session) -> None:
    """Every client would fetch a token of its own."""
    askers = [f"{digit * 8}-0000-0000-0000-000000000000" for digit in "12"]
    read_versions(session, "vm", "westus", "Microsoft.Azure.Monitor", TYPE, askers)
    assert session.traffic[Source.EXTENSION_VERSIONS].sent == 2
    assert len({each.authorization for each in replay.asked}) == 1


# --- activity log ---


def log(replay: Replay, session: Session, *pages: Answer) -> Harvest:
    for at, page in enumerate(pages):
        replay.give(activity_path() if at == 0 else f"/page-{at}", page)
    return read_operations(session, SUBSCRIPTION, WINDOW)


def page(replay: Replay, *events: object, following: int | None = None) -> Answer:
    return Answer.json({"value": list(events), "nextLink": following and f"{replay.origin}/page-{following}"})


LOG = [
    event("Started"),
    event("Accepted", 1),
    failed(2),
    event("Started", 5),
    event("Accepted", 6),
    event("Succeeded", 9),
]


@pytest.mark.parametrize("cut", range(len(LOG) + 1))
def test_it_does_not_matter_where_a_page_ends(replay: Replay, session: Session, cut: int) -> None:
    harvest = log(replay, session, page(replay, *LOG[cut:], following=1), page(replay, *LOG[:cut]))
    assert [row["outcome"] for row in harvest.rows["operations"]] == ["failed", "succeeded"]
    assert (only(harvest).complete, only(harvest).rows) == (True, 2)


def test_a_page_that_breaks_keeps_the_operations_before_it(replay: Replay, session: Session) -> None:
    harvest = log(replay, session, page(replay, *LOG[:3], following=1), Answer(200, b"<html>"))
    assert [row["outcome"] for row in harvest.rows["operations"]] == ["failed"]
    assert (only(harvest).complete, only(harvest).rows) == (False, 1)
    assert (only(harvest).window_start, only(harvest).window_end) == (WINDOW.start, WINDOW.end)


@pytest.mark.parametrize("moment", [None, "", "yesterday", 7, "0001-01-01T00:00:00Z", ...])
def test_an_event_without_a_time_is_no_silence(replay: Replay, session: Session, moment: object) -> None:
    """When it failed is not known, so neither is what came after it."""
    harvest = log(replay, session, page(replay, failed(1, eventTimestamp=moment), event("Started", 3)))
    assert [row["outcome"] for row in harvest.rows["operations"]] == ["running"]
    assert not only(harvest).complete


@pytest.mark.parametrize("entry", [None, 7, "text", []])
def test_an_entry_that_is_no_event_is_no_silence(replay: Replay, session: Session, entry: object) -> None:
    harvest = log(replay, session, page(replay, *LOG, entry))
    assert len(harvest.rows["operations"]) == 2
    assert not only(harvest).complete


def test_events_that_are_none_of_ours_are_passed_over(replay: Replay, session: Session) -> None:
    others = [{}, {"operationName": None}, event("Failed", operationName={"value": "Microsoft.Compute/disks/write"})]
    harvest = log(replay, session, page(replay, *others))
    assert "operations" not in harvest.rows
    assert (only(harvest).complete, only(harvest).rows) == (True, 0)


def test_starts_and_stops_are_operations_on_the_machine(replay: Replay, session: Session) -> None:
    machine = AGENT.partition("/extensions/")[0]
    events = [
        event(
            "Succeeded",
            at,
            resourceId=machine,
            correlationId=name,
            operationName={"value": f"{_COMPUTE}/{name}/ACTION"},
        )
        for at, name in enumerate(("start", "powerOff", "deallocate", "restart"))
    ]
    rows = log(replay, session, page(replay, *events)).rows["operations"]
    assert {row["action"] for row in rows} == {"start", "power_off", "deallocate"}
    assert {(row["machine_id"], row["extension_id"]) for row in rows} == {(machine, None)}


_COMPUTE = "microsoft.compute/virtualmachines"


def test_arc_enabled_servers_have_a_question_of_their_own(replay: Replay, session: Session) -> None:
    server = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/srv"
    name = {"value": "Microsoft.HybridCompute/machines/upgradeExtensions/action"}
    replay.give(activity_path(), page(replay, event("Succeeded", resourceId=server, operationName=name)))
    harvest = read_arc_operations(session, SUBSCRIPTION, WINDOW)
    assert [(row["action"], row["machine_id"]) for row in harvest.rows["operations"]] == [("upgrade", server)]
    reading = only(harvest)
    assert (reading.source, reading.complete) == (Source.ARC_ACTIVITY_LOG, True)
    assert (reading.window_start, reading.window_end) == (WINDOW.start, WINDOW.end)
    [asked] = replay.asked
    assert "Microsoft.HybridCompute" in asked.query and "Microsoft.Compute" not in asked.query
    assert session.traffic[Source.ARC_ACTIVITY_LOG].sent == 1


# --- heartbeats ---

COLUMNS = [("_ResourceId", "string"), ("Version", "string"), ("Began", "datetime"), ("Ended", "datetime")]
GOOD = ["/subscriptions/x/VM", "1.33.1", "2026-01-02T00:00:00Z", "2026-01-02T10:00:00Z"]


def table(*rows: object, columns: list[tuple[str, str]] | None = None) -> dict[str, Any]:
    return {
        "name": "PrimaryResult",
        "columns": [{"name": name, "type": kind} for name, kind in columns or COLUMNS],
        "rows": list(rows),
    }


def with_column(told: object) -> dict[str, Any]:
    """A table of ours with one column more, and a value in it."""
    whole = table([*GOOD, "more"])
    return {**whole, "columns": [*whole["columns"], told]}


def beats(replay: Replay, session: Session, body: object) -> Harvest:
    replay.give(f"/v1/workspaces/{WORKSPACE}/query", body if isinstance(body, Answer) else Answer.json(body))
    return read_heartbeats(session, WORKSPACE, WINDOW)


def test_columns_are_found_by_their_names(replay: Replay, session: Session) -> None:
    turned = table(list(reversed(GOOD)), columns=list(reversed(COLUMNS)))
    [row] = beats(replay, session, {"tables": [turned]}).rows["heartbeats"]
    assert (row["machine_id"], row["version"]) == ("/subscriptions/x/vm", "1.33.1")


def test_heartbeats_are_told_by_log_analytics(replay: Replay, session: Session) -> None:
    assert only(beats(replay, session, {"tables": [table(GOOD)]})).by is Service.LOG_ANALYTICS


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("cell", [None, "", 7])
def test_a_row_that_lacks_something_is_no_silence(replay: Replay, session: Session, at: int, cell: object) -> None:
    bad = [*GOOD[:at], cell, *GOOD[at + 1 :]]
    harvest = beats(replay, session, {"tables": [table(GOOD, bad)]})
    assert not only(harvest).complete


@pytest.mark.parametrize(
    "body",
    [
        None, [], 7, {}, {"tables": None}, {"tables": []}, {"tables": [None]}, {"tables": [{}]},
        {"tables": [{"name": "x", "columns": None, "rows": None}]}, {"tables": [table(columns=[("a", "string")])]},
        {"tables": [table([])]}, {"tables": [table(None)]}, {"tables": [table("text")]},
        {"tables": [table([*GOOD, "more"])]}, {"tables": [table(GOOD) | {"columns": {}}]},
        *({"tables": [with_column(odd)]} for odd in (None, "x", {}, {"name": None}, {"name": 7}, {"name": "Version"})),
        {"tables": [table(GOOD) | {"columns": [None, *table()["columns"]]}]},
        Answer(200, b"<html>"), Answer(200, b""), Answer(204), Answer(401), Answer(403), Answer(404), Answer(400),
    ],
)  # fmt: skip
def test_what_is_no_table_of_ours_is_a_gap(replay: Replay, session: Session, body: object) -> None:
    harvest = beats(replay, session, body)
    assert not only(harvest).complete
    assert "heartbeats" not in harvest.rows


@pytest.mark.parametrize("error", [{}, {"code": "PartialError"}, {"message": "Too much."}, "text", ["x"], 7])
def test_an_error_beside_the_tables_is_a_gap_that_keeps_its_rows(
    replay: Replay, session: Session, error: object
) -> None:
    harvest = beats(replay, session, {"tables": [table(GOOD)], "error": error})
    reading = only(harvest)
    assert reading.complete is (not error), "an error without anything in it is none"
    assert len(harvest.rows["heartbeats"]) == 1


def line(version: str, day: int, start: int, end: int, machine: str = "vm") -> Line:
    at = datetime(2026, 1, day, tzinfo=UTC)
    return machine, "", version, at + timedelta(hours=start), at + timedelta(hours=end)


def stays(*lines: Line) -> list[tuple[object, object, object]]:
    return [(row["version"], row["from"], row["to"]) for row in fold_stays(lines, WORKSPACE)]


def test_one_version_is_one_stay() -> None:
    whole = line("A", 1, 0, 50)
    assert stays(whole) == [("A", *whole[3:])]


def test_a_version_after_another_is_another_stay() -> None:
    before, after = line("A", 1, 0, 23), line("B", 2, 1, 5)
    assert stays(after, before) == [("A", *before[3:]), ("B", *after[3:])]


def test_a_version_that_comes_back_is_another_stay() -> None:
    """A, B, A is the rollback that is looked for; when A ended and when it came back lies between what was seen."""
    old, new = line("A", 1, 0, 23), line("B", 1, 8, 9)
    assert stays(old, new) == [("A", old[3], old[3]), ("B", *new[3:]), ("A", old[4], old[4])]


def test_stays_of_one_machine_are_one_in_any_letter_case_of_its_id(replay: Replay, session: Session) -> None:
    """An instance of a uniform scale set is named below it."""
    instance = (
        "/subscriptions/x/resourceGroups/RG/providers/Microsoft.Compute/virtualMachineScaleSets/Set/virtualMachines/3"
    )
    rows = [[instance, *GOOD[1:]], [instance.upper(), "1.33.1", "2026-01-03T00:00:00Z", "2026-01-03T10:00:00Z"]]
    [stay] = beats(replay, session, {"tables": [table(*rows)]}).rows["heartbeats"]
    assert stay["machine_id"] == instance.lower()
    assert stay["to"] == datetime(2026, 1, 3, 10, tzinfo=UTC)


LINES = st.lists(
    st.builds(
        line, st.sampled_from("ABC"), st.integers(1, 4), st.integers(0, 11), st.integers(12, 23), st.sampled_from("vw")
    ),
    max_size=12,
)


@given(LINES, st.randoms(use_true_random=False))
def test_stays_do_not_depend_on_the_order_of_lines_nor_on_repetition(lines: list[Line], random: Any) -> None:
    shuffled = [*random.sample(lines, len(lines)), *random.choices(lines, k=3)] if lines else []
    assert fold_stays(shuffled, WORKSPACE) == fold_stays(lines, WORKSPACE)


@given(LINES)
def test_neighbouring_stays_of_a_machine_differ_and_follow_each_other(lines: list[Line]) -> None:
    rows = fold_stays(lines, WORKSPACE)
    for before, after in pairwise(rows):
        if before["machine_id"] == after["machine_id"]:
            assert before["version"] != after["version"]
            assert before["to"] <= after["from"]  # type: ignore[operator]


HISTORIES = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 48)), min_size=1, max_size=8)
"""What a machine reported, as (version, hours after the report before)."""


@given(HISTORIES)
def test_a_stay_claims_no_more_than_was_seen(history: list[tuple[str, int]]) -> None:
    """From each version's first and last report: every end of a stay was a report of that version; where no version
    came back the stays are the whole truth; and no machine seems never to have left a version that it came back to."""
    at, seen = datetime(2026, 1, 1, tzinfo=UTC), []
    for version, hours in history:
        seen.append((version, at := at + timedelta(hours=hours)))
    moments = {version: [when for each, when in seen if each == version] for version, _when in seen}
    found = stays(*(("vm", "", version, min(times), max(times)) for version, times in moments.items()))
    assert {(version, end) for version, start, stop in found for end in (start, stop)} <= set(seen)
    truth = [version for version, _group in groupby(version for version, _when in seen)]
    if len(truth) == len(moments):
        assert [(version, moments[version][0], moments[version][-1]) for version in truth] == found
    assert (len(found) > len(moments)) == any(
        before < now < after
        for version, times in moments.items()
        for before, after in [(times[0], times[-1])]
        for other, now in [(each, each_at) for each, all_at in moments.items() for each_at in (all_at[0], all_at[-1])]
        if other != version
    )
