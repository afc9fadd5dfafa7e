"""A shard: bulk answers first, single machines where those leave something open, nothing gone without a whole list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from auditor.collect.registry import Sort, sort_of
from auditor.collect.session import Session
from auditor.model.parcel import Survey
from auditor.model.reading import Harvest, Reading, Row, Service, Source
from auditor.model.rule import AllOf, Comparison, Operator, RuleBook
from tests.real.night import AS_OF, shipped
from tests.real.replay import Answer, Asked, Replay
from tests.unit.collect.parts import (
    AGENT,
    EARLIER,
    GRAPH,
    ONE,
    TWO,
    VM,
    A,
    B,
    C,
    S,
    asked_by_itself,
    collected,
    extension,
    give_graph,
    graphed,
    in_graph,
    instance,
    machine,
    names,
    page,
    read,
    reading,
    scale_set,
    server,
    stay,
    surveyed,
    whole,
)

# --- machine by machine, where Resource Manager listed them ---


def test_machines_keep_the_order_of_their_lists(replay: Replay, session: Session) -> None:
    for row in (A, B, C):
        replay.give(str(row["id"]), whole(row, extension(row)))
    harvest = collected(replay, session, surveyed([A, B, C]))
    assert names(harvest) == ["a", "b", "c"]
    assert [row["machine_id"] for row in harvest.rows["extensions"]] == [row["id"] for row in (A, B, C)]
    assert all(each.complete for each in harvest.readings)
    assert replay.asked_for(GRAPH) == []


def test_a_server_is_asked_for_its_extensions(replay: Replay, session: Session) -> None:
    replay.give(f"{S['id']}/extensions", Answer.json({"value": [extension(S)]}))
    harvest = collected(replay, session, surveyed([S]))
    assert read(harvest) == {"s": "yes"}
    assert [row["installed_version"] for row in harvest.rows["extensions"]] == ["1.0"]
    assert reading(harvest, S["id"]).source is Source.ARC_EXTENSIONS


def test_the_log_is_asked_for_the_look_back_and_arcs_where_there_are_servers(replay: Replay, session: Session) -> None:
    replay.give(f"{S['id']}/extensions", Answer.json({"value": []}))
    harvest = collected(replay, session, surveyed([S]))
    logs = [each for each in harvest.readings if "activity" in each.source]
    assert [(each.source, each.scope) for each in logs] == [
        (Source.ACTIVITY_LOG, ONE),
        (Source.ACTIVITY_LOG, TWO),
        (Source.ARC_ACTIVITY_LOG, ONE),
    ]
    assert {(each.window_start, each.window_end) for each in logs} == {(AS_OF - timedelta(days=14), AS_OF)}


# --- in bulk, where Resource Graph listed them ---


def test_bulk_rows_are_enough_where_heartbeats_tell_the_version(replay: Replay, session: Session) -> None:
    give_graph(replay, page(in_graph(A), in_graph(C, "other", publisher="P", type="T")))
    harvest = collected(replay, session, graphed([A, C], stays=[stay(A)]))
    assert read(harvest) == {"a": "yes", "c": "yes"}
    assert [(row["machine_id"], row["name"]) for row in harvest.rows["extensions"]] == [
        (A["id"], "AMA"),
        (C["id"], "other"),
    ]
    assert asked_by_itself(replay) == []
    assert {each.by for each in harvest.readings if each.source is Source.EXTENSIONS} == {Service.RESOURCE_GRAPH}
    assert len(replay.asked_for(GRAPH)) == 2


def test_heartbeats_from_before_a_machine_was_made_tell_nothing_of_it(replay: Replay, session: Session) -> None:
    anew = {**A, "created_at": AS_OF}
    give_graph(replay, page(in_graph(anew)))
    replay.give(str(A["id"]), whole(A, extension(A)))
    collected(replay, session, graphed([anew], stays=[{**stay(A), "to": AS_OF - timedelta(hours=1)}]))
    assert asked_by_itself(replay) == ["a"]


@pytest.mark.parametrize(("told", "asked"), [(VM, []), (VM[::-1], ["a"]), (None, ["a"])], ids=["own", "other", "none"])
def test_where_nobody_tells_when_a_machine_was_made_its_unique_id_tells_whose_a_heartbeat_is(
    replay: Replay, session: Session, told: str | None, asked: list[str]
) -> None:
    unknown = {**A, "created_at": None, "vm_id": VM.upper()}
    give_graph(replay, page(in_graph(A)))
    replay.give(str(A["id"]), whole(A, extension(A)))
    collected(replay, session, graphed([unknown], stays=[{**stay(A), "vm_id": told}]))
    assert asked_by_itself(replay) == asked


def test_a_machine_of_whose_agent_nobody_tells_the_version_is_asked(replay: Replay, session: Session) -> None:
    """And its own answer counts, flag and all: Resource Graph may be hours behind."""
    give_graph(replay, page(in_graph(A, enableAutomaticUpgrade=False), in_graph(B), in_graph(C, "x", type="Other")))
    replay.give(str(A["id"]), whole(A, extension(A, enableAutomaticUpgrade=True)))
    harvest = collected(replay, session, graphed([A, B, C], stays=[stay(B)]))
    assert asked_by_itself(replay) == ["a"]
    told = {row["machine_id"]: row["auto_upgrade"] for row in harvest.rows["extensions"]}
    assert told[A["id"]] == "enabled"
    assert len(harvest.rows["extensions"]) == 3
    assert names(harvest) == ["a", "b", "c"]
    assert reading(harvest, A["id"]).source is Source.INSTANCE_VIEW


def test_a_machine_with_two_agents_is_asked_and_the_stale_one_vanishes(replay: Replay, session: Session) -> None:
    """Two rows are mostly a stale one, and a heartbeat does not say whose it is."""
    give_graph(replay, page(in_graph(A), in_graph(A, "old")))
    replay.give(str(A["id"]), whole(A, extension(A)))
    harvest = collected(replay, session, graphed([A], stays=[stay(A)]))
    assert [row["name"] for row in harvest.rows["extensions"]] == ["AMA"]


@pytest.mark.parametrize(
    ("availability", "asked"),
    [("running", ["a"]), (None, ["a"]), ("stopped", [])],
    ids=["running", "unsaid", "stopped"],
)
def test_a_machine_that_fell_silent_is_asked_unless_it_does_not_run(
    replay: Replay, session: Session, availability: str | None, asked: list[str]
) -> None:
    """What it ran the day before yesterday is not what it runs, and why it is silent its own answer may tell."""
    machine = {**A, "availability": availability}
    give_graph(replay, page(in_graph(A)))
    replay.give(str(A["id"]), whole(A, extension(A)))
    collected(replay, session, graphed([machine], stays=[stay(A, until=AS_OF - timedelta(days=1, seconds=1))]))
    assert asked_by_itself(replay) == asked


# --- rules that speak of any extension that can be upgraded automatically ---

VAULT = {"publisher": "Microsoft.Azure.KeyVault", "type": "KeyVaultForLinux"}
SCRIPT = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript"}


def switched_on(*names: str) -> RuleBook:
    book = shipped()
    return replace(book, rules=tuple(replace(each, enabled=each.enabled or each.id in names) for each in book.rules))


def offer_path(kind: Mapping[str, str], where: str = "japaneast") -> str:
    publisher, name = (kind[key].lower() for key in ("publisher", "type"))
    place = f"/subscriptions/{ONE}/providers/Microsoft.Compute/locations/{where}/publishers/{publisher}"
    return f"{place}/artifacttypes/vmextension/types/{name}/versions"


def offered(harvest: Harvest) -> set[tuple[object, object, object]]:
    return {(row["location"], row["type"], row["version"]) for row in harvest.rows.get("versions", [])}


def test_with_ext_002_a_machine_is_asked_for_what_nobody_else_tells_of_its_extension(
    replay: Replay, session: Session
) -> None:
    """Heartbeats tell the monitor agent's version alone; an extension that cannot be upgraded is not judged by it."""
    machines = [{**each, "location": "Japan East"} for each in (A, B, C)]
    give_graph(replay, page(in_graph(A), in_graph(A, "v", **VAULT), in_graph(B), in_graph(C, "s", **SCRIPT)))
    replay.give(str(A["id"]), whole(A, extension(A), extension(A, "v", **VAULT)))
    replay.give(offer_path(VAULT), Answer.json([{"name": "3.1"}]))
    harvest = collected(replay, session, graphed(machines, stays=[stay(A), stay(B), stay(C)]), switched_on("EXT-002"))
    assert asked_by_itself(replay) == ["a"]
    assert offered(harvest) == {("japaneast", "keyvaultforlinux", "3.1")}


def test_an_extension_that_has_it_on_counts_whatever_the_table_says(replay: Replay, session: Session) -> None:
    own = {"publisher": "Contoso", "type": "Thing", "enableAutomaticUpgrade": True}
    give_graph(replay, page(in_graph({**A}, "t", **own), in_graph(B, "t", publisher="Contoso", type="Thing")))
    replay.give(str(A["id"]), whole(A, extension(A, "t", **own)))
    replay.give(offer_path({"publisher": "Contoso", "type": "Thing"}), Answer.json([{"name": "1.0"}]))
    machines = [{**each, "location": "japaneast"} for each in (A, B)]
    harvest = collected(replay, session, graphed(machines), switched_on("EXT-002"))
    assert asked_by_itself(replay) == ["a"]
    assert {each.scope for each in harvest.readings if each.source is Source.EXTENSION_VERSIONS} == {
        "japaneast/contoso/thing"
    }


def test_what_the_survey_has_asked_for_is_not_asked_again(replay: Replay, session: Session) -> None:
    give_graph(replay, page(in_graph(A, "v", **VAULT)))
    replay.give(str(A["id"]), whole(A, extension(A, "v", **VAULT)))
    scope = "japaneast/microsoft.azure.keyvault/keyvaultforlinux"
    told = graphed([{**A, "location": "japaneast"}])
    known = replace(told, readings=(*told.readings, Reading(Source.EXTENSION_VERSIONS, scope, False, 0, AS_OF)))
    harvest = collected(replay, session, known, switched_on("EXT-002"))
    assert offered(harvest) == set()
    assert replay.asked_for(offer_path(VAULT)) == []


@pytest.mark.parametrize("names", [(), ("EXT-001", "EXT-003")])
def test_without_ext_002_nothing_is_asked_for_other_extensions(
    replay: Replay, session: Session, names: tuple[str, ...]
) -> None:
    give_graph(replay, page(in_graph(A), in_graph(A, "v", **VAULT)))
    machines = [{**A, "location": "japaneast"}]
    harvest = collected(replay, session, graphed(machines, stays=[stay(A)]), switched_on(*names))
    assert asked_by_itself(replay) == []
    assert "versions" not in harvest.rows


def test_heartbeats_tell_nothing_of_another_agent(replay: Replay, session: Session) -> None:
    """A rule of one's own may speak of any extension; the heartbeats are the Azure Monitor Agent's alone."""
    speaks_of = AllOf((Comparison("publisher", Operator.EQUALS, "P"), Comparison("type", Operator.IN, ("T",))))
    book = replace(shipped(), rules=(replace(shipped().rules[0], applies_to=speaks_of),))
    give_graph(replay, page(in_graph(A, publisher="p", type="t"), in_graph(B)))
    replay.give(str(A["id"]), whole(A))
    collected(replay, session, graphed([A, B], stays=[stay(A)]), book)
    assert asked_by_itself(replay) == ["a"]


def test_a_machine_that_refuses_keeps_its_bulk_rows(replay: Replay, session: Session) -> None:
    """What it runs is a gap, its extensions are none."""
    give_graph(replay, page(in_graph(A)))
    replay.give(str(A["id"]), Answer(403))
    harvest = collected(replay, session, graphed([A]))
    assert read(harvest) == {"a": "yes"}
    assert len(harvest.rows["extensions"]) == 1
    assert (reading(harvest, A["id"]).complete, reading(harvest, A["id"]).status) == (False, 403)


STATUSES = {"Connected": AS_OF, "Disconnected": EARLIER, None: EARLIER}


@pytest.mark.parametrize("status", STATUSES)
def test_servers_are_told_in_bulk_and_a_version_is_as_old_as_the_server(
    replay: Replay, session: Session, status: str | None
) -> None:
    row = server(ONE, "s", power_state=status, status_changed_at=EARLIER)
    give_graph(replay, page(), page(in_graph(row)))
    harvest = collected(replay, session, graphed([row]))
    [told] = harvest.rows["extensions"]
    assert (told["machine_id"], told["installed_version"], told["installed_version_at"]) == (
        row["id"],
        "1.0",
        STATUSES[status],
    )
    assert read(harvest) == {"s": "yes"}
    assert not replay.asked_for(f"{row['id']}/extensions")


def test_a_servers_list_that_breaks_off_keeps_the_bulk_rows_beside_it(replay: Replay, session: Session) -> None:
    """Bulk shows three and is cut short; by itself the server tells one of them, and then no more: none is lost."""
    told = page(in_graph(S, "a"), in_graph(S, "b"), in_graph(S, "c"))
    cut = Answer.json({"totalRecords": 4, "data": orjson.loads(told.body)["data"], "resultTruncated": "false"})
    give_graph(replay, page(), cut)
    following = {"value": [extension(S, "B", typeHandlerVersion="2.0")], "nextLink": f"{replay.origin}/more"}
    replay.give(f"{S['id']}/extensions", Answer.json(following))
    harvest = collected(replay, session, graphed([S]))
    assert read(harvest) == {"s": "no"}
    assert sorted((row["name"], row["installed_version"]) for row in harvest.rows["extensions"]) == [
        ("B", "2.0"),
        ("a", "1.0"),
        ("c", "1.0"),
    ]
    assert {each.source for each in harvest.readings if not each.complete} == {Source.ARC_EXTENSIONS}


def test_extensions_without_a_name_are_told_each(replay: Replay, session: Session) -> None:
    nameless = [{"properties": {**AGENT, "typeHandlerVersion": each}} for each in ("1.0", "1.1")]
    replay.give(str(A["id"]), whole(A, *nameless))
    harvest = collected(replay, session, surveyed([A]))
    assert [row["requested_version"] for row in harvest.rows["extensions"]] == ["1.0", "1.1"]


def test_extensions_of_machines_that_came_later_are_left_out(replay: Replay, session: Session) -> None:
    give_graph(replay, page(in_graph(A), in_graph(machine(ONE, "newer"))))
    harvest = collected(replay, session, graphed([A], stays=[stay(A)]))
    assert [row["machine_id"] for row in harvest.rows["extensions"]] == [A["id"]]


# --- where bulk fails ---


def test_where_the_bulk_question_fails_every_machine_is_asked_and_no_gap_is_left(
    replay: Replay, session: Session
) -> None:
    replay.give(GRAPH, Answer(500))
    replay.give(str(A["id"]), whole(A, extension(A)))
    replay.give(f"{S['id']}/extensions", Answer.json({"value": [extension(S)]}))
    harvest = collected(replay, session, graphed([A, S]))
    assert read(harvest) == {"a": "yes", "s": "yes"}
    assert len(harvest.rows["extensions"]) == 2
    assert [each for each in harvest.readings if not each.complete] == []
    closed = reading(harvest, ONE, Source.EXTENSIONS)
    assert (closed.by, closed.status, closed.reason) == (Service.RESOURCE_MANAGER, 200, None)


def test_a_machine_that_does_not_answer_then_leaves_the_gap(replay: Replay, session: Session) -> None:
    replay.give(GRAPH, Answer(500))
    for row, answer in ((A, Answer(403)), (B, whole(B)), (C, whole(C))):
        replay.give(str(row["id"]), answer)
    harvest = collected(replay, session, graphed([A, B, C]))
    assert read(harvest) == {"a": "no", "b": "yes", "c": "yes"}
    assert (reading(harvest, ONE, Source.EXTENSIONS).complete, reading(harvest, TWO, Source.EXTENSIONS).complete) == (
        False,
        True,
    )


def test_a_list_that_is_not_whole_leaves_the_gap(replay: Replay, session: Session) -> None:
    """There may be machines that nobody asked."""
    replay.give(GRAPH, Answer(500))
    replay.give(str(A["id"]), whole(A))
    survey = graphed([A])
    cut = tuple(
        Reading(each.source, each.scope, False, 1, AS_OF, reason="x", close="y", by=each.by) for each in survey.readings
    )
    harvest = collected(replay, session, Survey(survey.rows, cut, survey.readable))
    assert read(harvest) == {"a": "yes"}
    assert not reading(harvest, ONE, Source.EXTENSIONS).complete


def test_bulk_alone_is_what_resource_graph_means(replay: Replay, session: Session) -> None:
    replay.give(GRAPH, Answer(500))
    harvest = collected(replay, session, graphed([A, S]), inventory="resource_graph")
    assert read(harvest) == {"a": "no", "s": "no"}
    assert asked_by_itself(replay) == []
    assert not reading(harvest, ONE, Source.EXTENSIONS).complete


def test_what_a_witness_refuses_is_asked_machine_by_machine(replay: Replay, session: Session) -> None:
    """Resource Graph leaves out in silence what the identity may not read; a machine that is shown is asked itself."""
    give_graph(replay, page())
    replay.give(str(A["id"]), whole(A, extension(A)))
    refusal = {
        "subscription_id": ONE, "source": "extensions", "status": 403, "reason": "may not", "close": "grant it",
    }  # fmt: skip
    harvest = collected(replay, session, graphed([A], refusals=[refusal]))
    assert asked_by_itself(replay) == ["a"]
    assert (read(harvest), len(harvest.rows["extensions"])) == ({"a": "yes"}, 1)


# --- scale sets ---


def test_instances_of_uniform_scale_sets_join_the_machines(replay: Replay, session: Session) -> None:
    """Instances of flexible ones are virtual machines, once; the models' extensions come along."""
    uniform, flexible = scale_set(ONE, "u"), scale_set(TWO, "f", "flexible")
    own = machine(TWO, "f_1", kind="scale_set_instance", scale_set_id=flexible["id"])
    models: list[Row] = [
        {"id": f"{each['id']}/extensions/AMA", "machine_id": each["id"], "on": "model", "name": "AMA",
         "subscription_id": each["subscription_id"]}
        for each in (uniform, flexible)
    ]  # fmt: skip
    replay.give(f"{uniform['id']}/virtualMachines", Answer.json({"value": [instance(uniform, 0)]}))
    replay.give(str(own["id"]), whole(own))
    harvest = collected(replay, session, surveyed([uniform, flexible, own], extensions=models))
    assert names(harvest) == ["f_1", "u_0"]
    assert [(row["name"], row["instances_read"]) for row in harvest.rows["scale_sets"]] == [("u", "yes"), ("f", "none")]
    assert [row["machine_id"] for row in harvest.rows["extensions"]] == [uniform["id"], flexible["id"]]
    assert reading(harvest, uniform["id"]).source is Source.SCALE_SET_INSTANCES
    assert not replay.asked_for(f"{flexible['id']}/virtualMachines")


def test_a_scale_set_of_a_mode_that_nobody_knows_is_asked(replay: Replay, session: Session) -> None:
    odd = {**scale_set(ONE, "u"), "orchestration_mode": None}
    replay.give(f"{odd['id']}/virtualMachines", Answer.json({"value": [instance(odd, 0)]}))
    assert names(collected(replay, session, surveyed([odd]))) == ["u_0"]


def test_what_a_row_is() -> None:
    flexible = machine(ONE, "f", kind="scale_set_instance")
    uniform = {**flexible, "follows_model": None}
    found = [sort_of(row) for row in (A, flexible, uniform, S, scale_set(ONE, "u"))]
    assert found == [Sort.VIRTUAL_MACHINE, Sort.VIRTUAL_MACHINE, Sort.INSTANCE, Sort.SERVER, Sort.SCALE_SET]


def test_only_reading_requests_are_sent(replay: Replay, session: Session) -> None:
    give_graph(replay, page(in_graph(A)))
    collected(replay, session, graphed([A]))

    def reads(asked: Asked) -> bool:
        return asked.method == "GET" or (asked.method == "POST" and asked.path == GRAPH.lower())

    assert replay.asked and all(map(reads, replay.asked))
