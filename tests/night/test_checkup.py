"""``auditor doctor`` against simulated Azures: each kind of gap, what closes it, and how it ends."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from auditor.checkup import checkup
from auditor.collect.checkup.probe import SAMPLED, spread
from auditor.errors import ExitCode
from auditor.model.checkup import Access, Checkup, Gap, State, Tried
from auditor.model.narration import Silent
from auditor.model.reading import Service, Source
from auditor.render.checkup import print_checkup, write_checkup
from auditor.settle import settle
from auditor.simulator import Estate, Fault, Simulator, StaySpec
from auditor.simulator.weather import PARTIAL_ERROR
from auditor.stores.folder import FolderStore
from tests.mailbox import USER, Authority, MailServer, serving
from tests.night.parts import (
    FIRST,
    LATEST,
    NOW,
    SECOND,
    SHIPPED,
    STRANGER,
    TOKEN,
    WORKSPACE,
    Bench,
    estate,
    machine,
    refusal,
    subscription,
)
from tests.night.test_least_role import ACTIONS, CONFIG, everything

AUTO: dict[str, Any] = {**CONFIG, "sources": {**CONFIG["sources"], "inventory": "auto"}}
COMPUTE: dict[str, Any] = {**CONFIG, "sources": {**CONFIG["sources"], "inventory": "compute"}}
DATA = tuple(each for each in ACTIONS if "extensionTypes" in each)
CONTROL = tuple(each for each in ACTIONS if each not in DATA)
ANYTHING = TOKEN["AUDITOR_ACCESS_TOKEN"]
GRAPH = "Microsoft.ResourceGraph"
IN_BULK = {"sources": {"inventory": "auto"}}

Examine = Callable[..., Checkup]


@pytest.fixture
def examine(bench: Bench) -> Examine:
    """``examine(estate, *faults, config=...)``: the checkup of a simulated Azure that was started for it."""

    def run(
        of: Estate | Simulator, *faults: Fault, config: Mapping[str, Any] = IN_BULK, token: str = ANYTHING
    ) -> Checkup:
        azure = of if isinstance(of, Simulator) else bench.simulate(of, *faults)
        settled = settle(bench.config(azure, config), environ={"AUDITOR_ACCESS_TOKEN": token, "SECRET": "wrong"})
        return checkup(settled.settings, settled.rulebook, Silent(), NOW, pause=lambda _seconds: None)

    return run


def one_of_each(*, without: str = "") -> Estate:
    return everything(
        tuple(each for each in CONTROL if each != without), tuple(each for each in DATA if each != without)
    )


def told(found: Checkup, source: Source) -> Tried:
    [tried] = [each for each in found.tried if each.source is source]
    return tried


def only_gap(found: Checkup) -> Gap:
    [gap] = found.gaps
    return gap


def printed(found: Checkup, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    print_checkup(found, stream)
    return stream.getvalue()


# --- all is well ---


@pytest.mark.parametrize("config", [CONFIG, AUTO, COMPUTE], ids=["resource_graph", "auto", "compute"])
def test_with_the_least_role_everything_answers(examine: Examine, config: Mapping[str, Any]) -> None:
    found = examine(one_of_each(), config=config)
    assert found.gaps == ()
    assert found.exit_code == ExitCode.DELIVERED
    assert {each.state for each in found.tried} == {State.ANSWERS}
    by = Service.RESOURCE_MANAGER if config is COMPUTE else Service.RESOURCE_GRAPH
    assert told(found, Source.VIRTUAL_MACHINES).by is by
    assert (Source.EXTENSIONS in {each.source for each in found.tried}) is (config is not COMPUTE)


def test_it_asks_small_questions_whatever_the_size(bench: Bench, examine: Examine) -> None:
    """Many machines, many subscriptions: a page each, and a few of them for all."""
    many = [subscription(f"{n:08}-0000-4000-8000-000000000000", *map(machine, "abcdefghij")) for n in range(12)]
    azure = bench.simulate(estate(*many, beats=True))
    found = examine(azure)
    assert told(found, Source.VIRTUAL_MACHINES).rows == 120
    assert (found.rights_asked, found.sampled) == (12, SAMPLED)
    sent = azure.requests.snapshot()
    assert (sent["permissions"], sent["activity_log"], sent["resource_graph"]) == (12, SAMPLED, 8)
    assert (sent["virtual_machine"], sent["extension_versions"], sent["log_analytics"]) == (1, 1, 1)
    assert "virtual_machines" not in sent


def test_the_sample_is_spread_over_all() -> None:
    assert spread("abcdefghij", 5) == ["a", "c", "e", "g", "i"]
    assert spread("abc", 5) == ["a", "b", "c"]
    assert len(set(spread([str(n) for n in range(1001)], 200))) == 200


def test_a_source_that_there_is_nothing_to_ask_with_is_no_gap(examine: Examine) -> None:
    found = examine(estate(subscription(FIRST, machine("vm-1"))))
    assert found.gaps == ()
    untried = {each.source for each in found.tried if each.state is State.UNTRIED}
    assert untried == {Source.SCALE_SET_INSTANCES, Source.ARC_EXTENSION_VERSIONS, Source.ARC_ACTIVITY_LOG}


def test_heartbeats_are_looked_for_and_none_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = examine(estate(subscription(FIRST, machine("vm-1")), beats=True))
    assert told(silent, Source.HEARTBEATS).rows == 0
    assert "no agent for a day" in printed(silent, 80, monkeypatch)
    stay = StaySpec(LATEST, NOW - timedelta(hours=3), NOW)
    heard = examine(estate(subscription(FIRST, machine("vm-1", stays=(stay,))), beats=True))
    assert told(heard, Source.HEARTBEATS).rows == 1
    assert "agents in 1 of 1" in printed(heard, 80, monkeypatch)


# --- who asks ---


def test_the_identity_is_told(examine: Examine) -> None:
    azure = {"credential": "client_secret", "tenant_id": STRANGER, "client_id": FIRST, "client_secret": "${SECRET}"}
    of = estate(subscription(FIRST))
    found = examine(of, config={"azure": {**azure, "token": None}})
    assert found.identity == {
        "credential": "client_secret",
        "object_id": of.identity_id,
        "tenant_id": of.tenant_id,
        "application_id": FIRST,
    }
    assert [each.name for each in found.endpoints] == ["resource_manager", "authority"]


def test_a_wrong_secret_is_told_with_what_to_bring(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    why = "AADSTS7000215: Invalid client secret provided. Trace ID: 1"
    refused = Fault("oauth2/v2.0/token", status=401, body={"error": "invalid_client", "error_description": why})
    azure = {"credential": "client_secret", "tenant_id": STRANGER, "client_id": FIRST, "client_secret": "${SECRET}"}
    found = examine(estate(subscription(FIRST)), refused, config={"azure": {**azure, "token": None}})
    gap = only_gap(found)
    assert gap.subjects == ("identity",)
    assert "AADSTS7000215" in gap.reason and "secret's value, not its id" in gap.close
    assert found.exit_code == ExitCode.NOTHING_COLLECTED and found.tried == ()
    assert "Nothing was asked yet" in printed(found, 80, monkeypatch)


def test_an_expired_token_is_told_once_and_nothing_more_is_asked(bench: Bench, examine: Examine) -> None:
    azure = bench.simulate(estate(subscription(FIRST, machine("vm-1"))))
    gap = only_gap(examine(azure, token="expired"))
    assert gap.reason.startswith("The access token was refused (HTTP 401 ExpiredAuthenticationToken")
    assert "Sign in again" in gap.close
    assert set(azure.requests.snapshot()) == {"unknown", "subscriptions"}


# --- what can be reached ---


def test_an_authority_that_is_not_trusted_is_told_with_the_setting(bench: Bench, examine: Examine) -> None:
    other = bench.folder / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    azure = bench.simulate(estate(subscription(FIRST)))
    gap = only_gap(examine(azure, config={"azure": {"ca_bundle": str(other)}}))
    assert gap.subjects == ("endpoints",) and gap.scopes == (azure.url,)
    assert "certificate was not accepted by azure.ca_bundle" in gap.reason and "ssl" not in gap.reason.lower()
    assert "azure.ca_bundle" in gap.close
    assert "subscriptions" not in azure.requests.snapshot()


def test_a_bundle_that_is_none_is_told_with_the_setting(bench: Bench, examine: Examine) -> None:
    other = bench.folder / "other.pem"
    other.write_text("no certificate", encoding="utf-8")
    gap = only_gap(examine(estate(subscription(FIRST)), config={"azure": {"ca_bundle": str(other)}}))
    assert "azure.ca_bundle" in gap.close


def test_an_endpoint_that_is_not_there_is_told(bench: Bench, examine: Examine) -> None:
    with socket.socket() as held:  # bound and not listening: nobody answers at its port
        held.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{held.getsockname()[1]}"
        found = examine(estate(subscription(FIRST)), config={"azure": {"endpoints": {"resource_manager": url}}})
    gap = only_gap(found)
    assert (gap.subjects, gap.scopes) == (("endpoints",), (url,))
    assert gap.reason == "It could not be reached (Connection refused)"
    assert "azure.endpoints" in gap.close and found.exit_code == ExitCode.NOTHING_COLLECTED


def test_without_log_analytics_the_rest_is_asked_all_the_same(examine: Examine) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{held.getsockname()[1]}"
        of = estate(subscription(FIRST, machine("vm-1")), beats=True)
        found = examine(of, config={"azure": {"endpoints": {"log_analytics": url}}, **IN_BULK})
    assert only_gap(found).scopes == (url,)
    assert told(found, Source.INSTANCE_VIEW).state is State.ANSWERS
    assert Source.HEARTBEATS not in {each.source for each in found.tried}
    assert found.exit_code == ExitCode.NOTHING_COLLECTED


def test_a_mail_server_that_does_not_take_the_password_is_told_and_no_mail_is_sent(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    with serving(MailServer(), authority.context, auth=True) as server:
        way = {"host": "127.0.0.1", "port": server.port, "from": "a@example.com", "to": "b@example.com"}
        signed = {"ca_bundle": str(authority.bundle), "username": USER, "password": "${SECRET}"}
        found = examine(one_of_each(), config={**AUTO, "deliver": [{"smtp": {**way, **signed}}]})
    gap = only_gap(found)

    assert (gap.subjects, gap.scopes) == (("smtp",), (f"smtp://127.0.0.1:{server.port}",))
    assert "did not accept the user name and the password" in gap.reason and "wrong" not in gap.reason
    assert told(found, Source.VIRTUAL_MACHINES).state is State.ANSWERS, "Azure is asked all the same"
    assert (set(server.signed_in), server.handed_over) == ({USER}, [])
    assert found.exit_code == ExitCode.NOTHING_COLLECTED
    assert "Mail server" in printed(found, 100, monkeypatch)
    assert printed(found, 100, monkeypatch).endswith("and the letter would not be sent.\n")


def test_the_archive_is_tried_and_left_as_it_was(bench: Bench, examine: Examine) -> None:
    """Where none was made yet there is none afterwards; one that is used keeps its lock; one at work is not a fault."""
    place = bench.folder / "nights" / "archive"
    kept = {"archive": {"url": f"file:{place}"}, **AUTO}
    found = examine(one_of_each(), config=kept)
    assert (found.endpoints[-1].name, found.endpoints[-1].url) == ("archive", f"file:{place}")
    assert (found.gaps, place.parent.exists()) == ((), False)

    with FolderStore(place).locked():
        assert examine(one_of_each(), config=kept).gaps == ()
    assert examine(one_of_each(), config=kept).gaps == ()
    assert [each.name for each in place.iterdir()] == [".lock"]


def test_an_archive_that_cannot_be_written_is_told(
    bench: Bench, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.folder / "archive").write_text("in the way")
    gap = only_gap(found := examine(one_of_each(), config={"archive": {"url": "file:./archive"}, **AUTO}))

    assert (gap.subjects, gap.scopes) == (("archive",), (f"file:{bench.folder}/archive",))
    assert gap.reason == f"The archive {bench.folder}/archive could not be written: file exists"
    assert gap.close.startswith("Check that the folder, and the disk that it lies on, can be read and written")
    assert found.exit_code == ExitCode.NOTHING_COLLECTED
    assert printed(found, 100, monkeypatch).endswith("No night begins until its archive can be read and written.\n")


# --- the subscriptions ---


def test_no_subscription_at_all(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(estate())
    assert found.subscriptions == ()
    gap = only_gap(found)
    assert "can see no subscription" in gap.reason and "Microsoft.Resources/subscriptions/read" in gap.close
    assert "The other 13 sources were not asked" in printed(found, 80, monkeypatch)


def test_every_subscription_is_told_as_it_stands(examine: Examine) -> None:
    more = {"tenant": STRANGER, "managed_by_tenants": ("x",)}
    of = estate(
        subscription(FIRST, machine("vm-1")),
        subscription(SECOND, refused=True, name="Shut"),
        subscription(f"0{FIRST[1:]}", state="Disabled", name="Off"),
        subscription(f"1{SECOND[1:]}", name="Out"),
        subscription(f"4{SECOND[1:]}", name="Theirs", **more),
    )
    config = {
        **IN_BULK,
        "scope": {"expected_subscriptions": [STRANGER], "exclude_subscriptions": [f"1{SECOND[1:]}"]},
    }
    found = examine(of, config=config)
    assert {(each.id, each.access, each.delegated) for each in found.subscriptions} == {
        (FIRST, Access.READABLE, False),
        (SECOND, Access.REFUSED, False),
        (f"0{FIRST[1:]}", Access.DISABLED, False),
        (f"1{SECOND[1:]}", Access.EXCLUDED, False),
        (f"4{SECOND[1:]}", Access.READABLE, True),
        (STRANGER, Access.MISSING, False),
    }
    closes = {gap.scopes[0]: gap.close for gap in found.gaps}
    assert set(closes) == {SECOND, f"0{FIRST[1:]}", STRANGER}
    assert "role Reader" in closes[SECOND] and "doctor --role" in closes[SECOND]


def test_a_gap_that_is_accepted_is_told_and_does_not_count(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"scope": SECOND, "source": "any", "owner": "me", "reason": "known", "until": "2026-12-31"}
    of = estate(subscription(FIRST, machine("vm-1")), subscription(SECOND, refused=True))
    found = examine(of, config={**IN_BULK, "scope": {"accepted_gaps": [entry]}})
    assert only_gap(found).accepted and found.exit_code == ExitCode.DELIVERED
    assert "accepted in scope.accepted_gaps" in " ".join(printed(found, 80, monkeypatch).split())


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
def test_a_day_ends_for_a_checkup_when_it_ends_for_a_night(examine: Examine, zone: str) -> None:
    """In UTC, wherever the report is read: else a gap would be open to one of the two and accepted to the other."""
    of = estate(subscription(FIRST, machine("vm-1")), subscription(SECOND, refused=True))
    for until, accepted in ((NOW.date(), True), (NOW.date() - timedelta(days=1), False)):
        entry = {"scope": SECOND, "source": "any", "owner": "me", "reason": "known", "until": until.isoformat()}
        config = {**IN_BULK, "scope": {"accepted_gaps": [entry]}, "report": {"time_zone": zone}}
        assert only_gap(examine(of, config=config)).accepted is accepted


def test_one_gap_for_all_subscriptions_that_lack_a_right(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"not_actions": ("Microsoft.Insights/eventtypes/*",)}
    many = [subscription(f"{n:08}-0000-4000-8000-000000000000", machine("m"), **lacking) for n in range(8)]
    found = examine(estate(*many))
    gap = only_gap(found)
    assert len(gap.scopes) == 8 and gap.subjects == (Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG)
    assert told(found, Source.ACTIVITY_LOG).state is State.SILENT
    assert "and 3 more" in printed(found, 80, monkeypatch)


# --- rights and sources ---


@pytest.mark.parametrize("action", ACTIONS)
def test_a_role_with_an_action_too_few_makes_doctor_name_it(examine: Examine, action: str) -> None:
    found = examine(one_of_each(without=action), config=CONFIG)
    assert [gap for gap in found.open_gaps if action.lower() in gap.close.lower()]
    assert found.exit_code == ExitCode.NOTHING_COLLECTED


def test_where_extensions_may_not_be_read_in_bulk_the_machines_tell_them(examine: Examine) -> None:
    found = examine(one_of_each(without="Microsoft.Compute/virtualMachines/extensions/read"), config=AUTO)
    assert told(found, Source.EXTENSIONS).state is State.INSTEAD
    assert only_gap(found).instead and found.exit_code == ExitCode.DELIVERED


@pytest.mark.parametrize("config", [CONFIG, AUTO], ids=["resource_graph", "auto"])
def test_a_resource_graph_that_refuses_is_one_gap(examine: Examine, config: Mapping[str, Any]) -> None:
    found = examine(one_of_each(), Fault(GRAPH, **refusal()), config=config)
    gap, auto = only_gap(found), config is AUTO
    assert len(gap.subjects) == 8 and "Resource Graph" in gap.close
    assert (gap.instead, found.exit_code) == (auto, ExitCode.DELIVERED if auto else ExitCode.NOTHING_COLLECTED)
    assert told(found, Source.VIRTUAL_MACHINES).state is (State.INSTEAD if auto else State.SILENT)
    assert told(found, Source.INSTANCE_VIEW).state is (State.ANSWERS if auto else State.UNTRIED)


def test_servers_extensions_stand_in_only_where_one_of_them_answered(examine: Examine) -> None:
    refused = Fault(r"machines/[^/]+/extensions\?", **refusal())
    found = examine(one_of_each(), Fault(GRAPH, **refusal()), refused, config=AUTO)
    assert told(found, Source.ARC_EXTENSIONS).state is State.SILENT
    assert [gap for gap in found.open_gaps if Source.ARC_EXTENSIONS in gap.subjects]
    assert found.exit_code == ExitCode.NOTHING_COLLECTED


def test_where_the_lists_are_refused_too_nothing_stands_in(examine: Examine) -> None:
    of = estate(subscription(FIRST, machine("vm-1"), not_actions=("Microsoft.Compute/virtualMachines/read",)))
    found = examine(of, Fault(GRAPH, **refusal()))
    assert told(found, Source.VIRTUAL_MACHINES).state is State.SILENT
    assert [gap for gap in found.open_gaps if Source.VIRTUAL_MACHINES in gap.subjects]
    assert found.exit_code == ExitCode.NOTHING_COLLECTED


def test_a_list_of_versions_that_is_refused(examine: Examine) -> None:
    found = examine(one_of_each(), Fault("vmextension/types/", **refusal()), config=AUTO)
    assert only_gap(found).subjects == (Source.EXTENSION_VERSIONS,)
    assert "artifacttypes/types/versions/read" in only_gap(found).close


def test_a_workspace_that_nobody_knows(examine: Examine) -> None:
    config = {**IN_BULK, "sources": {"inventory": "auto", "heartbeats": {"workspaces": [STRANGER, WORKSPACE]}}}
    found = examine(estate(subscription(FIRST, machine("vm-1")), beats=True), config=config)
    assert told(found, Source.HEARTBEATS).state is State.PARTLY
    assert only_gap(found).scopes == (STRANGER,)
    assert "sources.heartbeats.workspaces" in only_gap(found).close


@pytest.mark.parametrize("odd", [{"amend": {"error": dict(PARTIAL_ERROR)}}, {"status": 200, "body": {}}])
def test_a_workspace_that_answers_a_part_or_nothing_is_a_gap_as_it_is_at_night(
    examine: Examine, odd: Mapping[str, Any]
) -> None:
    found = examine(one_of_each(), Fault("/v1/workspaces/", **odd), config=AUTO)
    assert only_gap(found).subjects == (Source.HEARTBEATS,)
    assert found.exit_code == ExitCode.NOTHING_COLLECTED


def test_where_rules_name_no_extension_the_versions_of_one_that_can_be_upgraded_are_asked_for(
    examine: Examine,
) -> None:
    only = {name: {"enabled": name == "EXT-002"} for name in (*SHIPPED, "EXT-002")}
    faults = (Fault("vmextension/types/", status=503), Fault("extensionTypes", status=503))
    found = examine(one_of_each(), *faults, config={**AUTO, "rules": only})
    assert only_gap(found).subjects == (Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS)


def test_the_last_day_of_an_accepted_gap_is_that_of_the_night(examine: Examine) -> None:
    """The night's days are those of UTC: west of it the day before is not over yet."""
    entry = {"scope": SECOND, "source": "any", "owner": "me", "reason": "known", "until": "2026-11-21"}
    of = estate(subscription(FIRST, machine("vm-1")), subscription(SECOND, refused=True))
    west = {**IN_BULK, "scope": {"accepted_gaps": [entry]}, "report": {"time_zone": "America/New_York"}}
    found = examine(of, config=west)
    assert not only_gap(found).accepted and found.exit_code == ExitCode.NOTHING_COLLECTED


def test_a_service_that_fails_is_no_missing_right(examine: Examine) -> None:
    found = examine(one_of_each(), Fault("eventtypes", status=503), config=AUTO)
    gap = only_gap(found)
    assert gap.subjects == (Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG)
    assert "503" in gap.reason and "role" not in gap.close


# --- how it is told ---


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(examine: Examine, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(one_of_each(without="Microsoft.Insights/eventtypes/values/read"), config=AUTO)
    text = printed(found, width, monkeypatch)
    assert max(map(len, text.splitlines())) <= width
    assert text.rstrip().endswith("One gap: tonight's report would be incomplete.")
    assert "Grant the action Microsoft.Insights/eventtypes/values/read" in " ".join(text.split())


def test_the_same_for_machines(examine: Examine) -> None:
    found = examine(estate(subscription(FIRST, machine("vm-1")), subscription(SECOND, refused=True)))
    stream = io.StringIO()
    write_checkup(found, stream)
    told_again = json.loads(stream.getvalue())
    assert told_again["exit_code"] == 3
    assert told_again["subscriptions"][1] == {
        "id": SECOND, "name": "Subscription 2", "access": "refused", "delegated": False,
    }  # fmt: skip
    assert told_again["gaps"][0]["scopes"] == [SECOND]
    assert {each["state"] for each in told_again["tried"]} <= {str(state) for state in State}


def test_a_hostile_name_stays_on_its_line(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(estate(subscription(FIRST, machine("vm-1"), name="a\nEverything that tonight's\x1b[2J")))
    text = printed(found, 80, monkeypatch)
    assert "\x1b" not in text and len([line for line in text.splitlines() if line.startswith("Everything")]) == 1
    assert replace(found, gaps=()).exit_code == ExitCode.DELIVERED


# --- the clock ---


@pytest.mark.parametrize(
    ("ahead", "row", "code"),
    [
        (timedelta(0), "agrees with that of Azure to the minute", 0),
        (timedelta(hours=3), "2 hours behind that of Azure", 3),
    ],
    ids=["agrees", "hours behind"],
)
def test_the_clock_is_told_and_one_that_is_wrong_is_a_gap(
    examine: Examine, bench: Bench, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, row: str, code: int
) -> None:
    azure = bench.simulate(one_of_each(), clock=lambda: datetime.now(UTC) + ahead - timedelta(seconds=9))
    found = examine(azure, config=AUTO)
    text = " ".join(printed(found, 120, monkeypatch).split())
    assert f"Clock {row}" in text
    assert found.exit_code == code
    assert ("The clock of this machine Why Times and ages would be wrong" in text) is bool(code)
    assert [gap.subjects for gap in found.open_gaps] == [("clock",)] * bool(code), "and nothing else is told of it"
    assert ("until the clock of this machine is set." in text) is bool(code)
