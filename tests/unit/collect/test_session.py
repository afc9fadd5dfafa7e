"""Pages, retries and the guard: whatever the server answers, what was read stays and nothing but reading is sent."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from auditor.cloud import Cloud
from auditor.collect import faults
from auditor.collect.clocks import Clocks
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.pacing import Pace
from auditor.collect.session import GRAPH_PATH, Answered, Session
from auditor.model.narration import Silent
from auditor.model.reading import Source, Traffic
from tests.real.night import azure, open_session
from tests.real.replay import Answer, Replay

LIST = Source.VIRTUAL_MACHINES
PATH = "/subscriptions/00000000-0000-0000-0000-000000000000/things"


def read(session: Session, path: str = PATH) -> tuple[list[dict[str, Any]], Fault | None]:
    """All entries that came, and the fault that ended them."""
    found: list[dict[str, Any]] = []
    try:
        for page in session.pages(LIST, path, {"api-version": "1"}):
            found.extend(page)
    except Fault as fault:
        return found, fault
    return found, None


def page(*names: str, following: object = None) -> Answer:
    return Answer.json({"value": [{"name": name} for name in names], "nextLink": following})


def names(found: list[dict[str, Any]]) -> list[str]:
    return [entry["name"] for entry in found]


# --- pages ---


def test_pages_follow_each_other_to_the_last(replay: Replay, session: Session) -> None:
    replay.give(PATH, page("a", following=f"{replay.origin}/subscriptions/00/more?$skiptoken=x%7B%22y%22%7D"))
    replay.give("/subscriptions/00/more", page("b", "c", following=""))
    found, fault = read(session)
    assert (names(found), fault) == (["a", "b", "c"], None)
    assert [each.query for each in replay.asked] == ["api-version=1", "$skiptoken=x%7B%22y%22%7D"]


def test_the_next_address_may_spell_host_and_port_otherwise(replay: Replay, session: Session) -> None:
    """Azure writes https://management.azure.com:443/... now and then; braces and blanks in a token are its own."""
    upper = replay.origin.replace("https", "HTTPS")
    replay.give(PATH, page("a", following=f"{upper}/subscriptions/00/more?token={{x}} y;z"))
    replay.give("/subscriptions/00/more", page("b"))
    found, fault = read(session)
    assert (names(found), fault) == (["a", "b"], None)
    assert replay.asked[-1].query == "token=%7Bx%7D%20y;z"


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/subscriptions/00/more",
        "http://127.0.0.1/subscriptions/00/more",
        "https://127.0.0.1:1/more",
        "https://127.0.0.1@evil.example/more",
        "https://localhost:{port}\\@127.0.0.1:{port}/more",
        "https://name:word@127.0.0.1:{port}/more",
        "https://[broken/more",
        "https://127.0.0.1:port/more",
        "ftp://127.0.0.1/more",
        "subscriptions/one/more",
        7,
        {"href": "x"},
    ],
)
def test_a_token_goes_nowhere_else(replay: Replay, session: Session, following: object) -> None:
    if isinstance(following, str):
        following = following.replace("{port}", replay.origin.rpartition(":")[2])
    replay.give(PATH, page("a", following=following))
    found, fault = read(session)
    assert names(found) == ["a"]
    assert fault is not None and fault.kind is FaultKind.UNREADABLE and "leads elsewhere" in fault.reason
    assert len(replay.asked) == 1


def test_an_id_that_is_an_address_is_not_fetched(replay: Replay, session: Session) -> None:
    with pytest.raises(Fault, match="leads elsewhere"):
        session.get(LIST, "https://evil.example/subscriptions/one")
    assert replay.asked == []


def test_a_redirection_is_not_followed(replay: Replay, session: Session) -> None:
    replay.give(PATH, Answer(307, b"", {"Location": f"https://localhost:{replay.origin.rpartition(':')[2]}/other"}))
    replay.give("/other", page("foreign"))
    found, fault = read(session)
    assert found == [] and fault is not None and fault.status == 307
    assert len(replay.asked) == 1


def test_pages_that_go_round_in_a_circle_end(replay: Replay, session: Session) -> None:
    replay.give(PATH, page("a", following=f"{replay.origin}/one"))
    replay.give("/one", page("b", following=f"{replay.origin}/two"))
    replay.give("/two", page("c", following=f"{replay.origin}/one"))
    found, fault = read(session)
    assert names(found) == ["a", "b", "c"]
    assert fault is not None and "circle" in fault.reason


NO_PAGES: dict[str, Answer] = {
    "HTML": Answer(200, b"<html><title>Sign in</title></html>", {"Content-Type": "text/html"}),
    "cut off": Answer(200, b'{"value": [{"na'),
    "empty": Answer(200, b""),
    "null": Answer.json(None),
    "a list": Answer.json([]),
    "a number": Answer.json(7),
    "without a list": Answer.json({"count": 0}),
    "null for a list": Answer.json({"value": None}),
    "an object for a list": Answer.json({"value": {"name": "x"}}),
    "an error with a 200": Answer.json({"error": {"code": "A", "message": "b"}}),
    "no content": Answer(204),
    "refused": Answer.json({"error": {"code": "AuthorizationFailed"}}, 403),
    "a broken word": Answer(200, b'{"value": ["\\ud800"]}'),
}


@pytest.mark.parametrize("what", NO_PAGES)
def test_a_page_that_is_none_keeps_the_pages_before_it(replay: Replay, session: Session, what: str) -> None:
    replay.give(PATH, page("a", following=f"{replay.origin}/more"))
    replay.give("/more", NO_PAGES[what])
    found, fault = read(session)
    assert names(found) == ["a"]
    assert fault is not None and fault.reason and fault.close


def test_entries_that_are_no_objects_are_no_silence(replay: Replay, session: Session) -> None:
    replay.give(PATH, Answer.json({"value": [{"name": "a"}, None, "b", {"name": "c"}]}))
    found, fault = read(session)
    assert names(found) == ["a", "c"]
    assert fault is not None and fault.kind is FaultKind.UNREADABLE


def test_a_byte_order_mark_is_no_part_of_the_page(replay: Replay, session: Session) -> None:
    replay.give(PATH, Answer(200, b'\xef\xbb\xbf{"value": [{"name": "a"}]}', {"Content-Type": "application/json"}))
    assert names(read(session)[0]) == ["a"]


def test_a_body_in_a_false_wrapping_is_a_fault(replay: Replay, session: Session) -> None:
    replay.give(PATH, Answer(200, b"not zipped", {"Content-Encoding": "gzip"}))
    found, fault = read(session)
    assert found == [] and fault is not None


def test_names_with_odd_characters_arrive_as_they_are(replay: Replay, session: Session) -> None:
    path = "/subscriptions/00/resourceGroups/rg (1)._-日本/providers/x/vm-é"
    replay.give(path, page("a"))
    assert names(read(session, path)[0]) == ["a"]


# --- retries ---


def waits(replay: Replay, *answers: Answer) -> tuple[list[float], Fault | None, Traffic]:
    """What was waited (of a second and more), how it ended, and what was sent."""
    waited: list[float] = []
    replay.give(PATH, *answers)
    session = open_session(replay, pause=waited.append)
    fault = read(session)[1]
    traffic = session.traffic[LIST]
    session.close()
    return [seconds for seconds in waited if seconds >= 1], fault, traffic


def test_retry_after_is_obeyed_however_long(replay: Replay) -> None:
    waited, fault, traffic = waits(replay, Answer(429, b"", {"Retry-After": "3600"}), page("a"))
    assert (waited, fault) == ([3600.0], None)
    assert (traffic.sent, traffic.retried, traffic.throttled) == (2, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Please try again after '17' seconds.",
        "Please retry after 17 seconds.",
        "The request is throttled. Try AFTER 17 SECONDS, not before.",
    ],
)
def test_where_only_the_text_of_a_429_names_the_time_it_counts(replay: Replay, text: str) -> None:
    assert waits(replay, Answer.json({"error": {"code": "A", "message": text}}, 429), page("a"))[0] == [17.0]


@pytest.mark.parametrize("header", ["soon", "", "-5", "Wed, 99 Foo"])
def test_a_time_to_wait_that_is_none_is_a_pause_like_any(replay: Replay, header: str) -> None:
    _waited, fault, traffic = waits(replay, Answer(429, b"", {"Retry-After": header}), page("a"))
    assert (fault, traffic.sent) == (None, 2)


AT = "Sun, 22 Nov 2026 03:00:00 GMT"
IN_40_S = "Sun, 22 Nov 2026 03:00:40 GMT"


@pytest.mark.parametrize(
    ("until", "waited"),
    [(IN_40_S, [40.0]), ("Sun, 22 Nov 2026 02:00:00 GMT", []), ("Mon, 22 Nov 2027 03:00:00 GMT", [3600.0])],
    ids=["soon", "gone by", "in a year"],
)
def test_a_date_to_wait_for_is_measured_by_the_answers_own(replay: Replay, until: str, waited: list[float]) -> None:
    """However wrong this machine's clock: it takes no part."""
    told = Answer(429, b"", {"Retry-After": until, "Date": AT})
    assert waits(replay, told, page("a"))[:2] == (waited, None)


def test_the_tries_end(replay: Replay) -> None:
    _waited, fault, traffic = waits(replay, Answer(503))
    assert fault is not None and fault.kind is FaultKind.UNAVAILABLE
    assert (traffic.sent, traffic.retried) == (4, 3)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_tried_again(replay: Replay, status: int) -> None:
    assert waits(replay, Answer(status))[2].sent == 1


def test_nobody_listens(replay: Replay) -> None:
    session = open_session(Replay("https://127.0.0.1:1", replay.authority))
    found, fault = read(session)
    session.close()
    assert found == [] and fault is not None and fault.kind is FaultKind.UNREACHABLE
    assert "Connection refused" in fault.reason and "0x" not in fault.reason and "urllib3" not in fault.reason


def test_a_certificate_that_nobody_vouches_for(replay: Replay, tmp_path: Path) -> None:
    stranger = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    session = open_session(Replay(replay.origin, stranger))
    found, fault = read(session)
    session.close()
    assert found == [] and fault is not None and fault.kind is FaultKind.UNREACHABLE
    assert "certificate verify failed" in fault.reason
    assert "azure.ca_bundle" in fault.close


# --- the clock ---


def test_only_what_the_service_answered_is_compared_with_this_machines_clock(replay: Replay) -> None:
    """A refusal may be a proxy's, which has a clock of its own."""
    now = datetime.now(UTC)
    refused, told = (format_datetime(now + timedelta(hours=hours), usegmt=True) for hours in (-5, 3))
    replay.give(PATH, Answer(503, b"", {"Date": refused}), Answer.json({"value": []}, Date=told))
    compared = Clocks()
    session = Session(Cloud(azure(replay)), Silent(), pause=lambda _seconds: None, clocks=compared)
    read(session)
    session.close()
    assert compared.ahead is not None and abs(compared.ahead + timedelta(hours=3)) < timedelta(minutes=1)


# --- nothing but reading ---


def send(session: Session, source: Source, method: str, path: str) -> None:
    """Past the questions that the session knows: by the client below them."""
    session.graph(source)._send_request(HttpRequest(method, f"{session.cloud.endpoints.resource_manager}{path}"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("source", [source for source in Source if source is not Source.HEARTBEATS])
def test_nothing_that_writes_is_sent(replay: Replay, session: Session, source: Source, method: str) -> None:
    with pytest.raises(faults.WouldWrite, match="only reads"):
        send(session, source, method, PATH)
    assert replay.asked == []


WRITES = (
    ("POST", "/v1/workspaces/x/tables"),
    ("DELETE", "/v1/workspaces/x/query"),
    ("POST", "/query/x"),
    ("POST", "/elsewhere/v1/workspaces/x/query"),
    ("POST", "/v1/workspaces/x/query/more"),
    ("PUT", GRAPH_PATH),
    ("DELETE", GRAPH_PATH),
    ("POST", f"{GRAPH_PATH}/more"),
    ("POST", f"/subscriptions/x{GRAPH_PATH}"),
    ("POST", "/providers/Microsoft.ResourceGraph/resourcesHistory"),
)


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("source", [Source.HEARTBEATS, Source.VIRTUAL_MACHINES])
def test_nothing_but_two_queries_is_posted(
    replay: Replay, session: Session, source: Source, method: str, path: str
) -> None:
    with pytest.raises(AzureError, match="only reads"):
        send(session, source, method, path)
    assert replay.asked == []


def test_the_two_queries_are_posted(replay: Replay, session: Session) -> None:
    send(session, Source.HEARTBEATS, "POST", "/v1/workspaces/x/query")
    send(session, Source.SCALE_SETS, "POST", GRAPH_PATH)
    assert [each.path for each in replay.asked] == ["/v1/workspaces/x/query", GRAPH_PATH.lower()]
    with pytest.raises(AzureError, match="only reads"):
        send(session, Source.SCALE_SETS, "POST", "/v1/workspaces/x/query")


def test_a_provider_that_is_not_registered_is_not_registered_by_us(replay: Replay, session: Session) -> None:
    """The SDKs' clients do so by themselves: they answer this very refusal with a POST."""
    refusal = {
        "error": {
            "code": "MissingSubscriptionRegistration",
            "message": "The subscription is not registered to use namespace 'Microsoft.Compute'.",
        }
    }
    replay.give(PATH, Answer.json(refusal, 409))
    found, fault = read(session)
    assert found == [] and fault is not None
    assert "register" in fault.close
    assert {each.method for each in replay.asked} == {"GET"}


# --- questions to the Resource Graph ---


def ask(session: Session) -> Answered:
    return session.query_graph(LIST, {"api-version": "1"}, {"query": "resources"})


def test_an_answer_comes_with_its_headers(replay: Replay, session: Session) -> None:
    replay.give(GRAPH_PATH, Answer.json({"data": []}, x_ms_tenant_subscription_limit_hit="true"))
    answered = ask(session)
    assert answered.body == {"data": []}
    assert answered.headers["X-MS-Tenant-Subscription-Limit-Hit"] == "true"
    [asked] = replay.asked
    assert (asked.method, asked.query) == ("POST", "api-version=1")


def test_why_a_question_was_refused_stands_in_the_details(replay: Replay, session: Session) -> None:
    support = "Please provide below info when asking for support: timestamp = 2026-11-22, correlationId = 7."
    details = [{"code": "InvalidQuery", "message": "Query is invalid."}, {"code": "ParserFailure", "message": "At 7."}]
    error = {"error": {"code": "BadRequest", "message": support, "details": details}}
    replay.give(GRAPH_PATH, Answer.json(error, 400))
    with pytest.raises(Fault) as caught:
        ask(session)
    assert caught.value.reason == "The question was not accepted (HTTP 400 BadRequest: Query is invalid. At 7)"
    assert caught.value.details == ("InvalidQuery", "ParserFailure")


def test_where_nothing_may_be_shown_the_identity_is_refused(replay: Replay, session: Session) -> None:
    details = [{"code": "NoValidSubscriptionsInQueryRequest", "message": "Given: 'x'."}]
    replay.give(GRAPH_PATH, Answer.json({"error": {"code": "BadRequest", "message": "x", "details": details}}, 400))
    with pytest.raises(Fault) as caught:
        ask(session)
    assert caught.value.kind is FaultKind.REFUSED
    assert caught.value.close == "Grant the action Microsoft.Compute/virtualMachines/read (role Reader)."


def test_questions_wait_for_the_quota_that_answers_tell(replay: Replay) -> None:
    """Sessions of one identity share its quota; lists do not draw on it."""
    waited: list[float] = []
    pace = Pace(pause=waited.append)
    first, second = (Session(Cloud(azure(replay)), Silent(), pause=waited.append, pace=pace) for _ in range(2))
    told = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:30"}
    replay.give(GRAPH_PATH, Answer(200, b"{}", told), Answer.json({}))
    replay.give(PATH, page("a"))
    ask(first)
    read(second)
    assert waited == []
    ask(second)
    [wait] = waited
    assert 25 < wait <= 31
    for session in (first, second):
        session.close()


def test_a_question_that_gets_no_answer_gives_its_turn_back(replay: Replay) -> None:
    """Else fifteen of them would hold up the night for ever."""
    session = open_session(Replay("https://127.0.0.1:1", replay.authority))
    for _ in range(6):  # with three tries anew each
        with pytest.raises(Fault):
            ask(session)
    session.close()
    assert session.traffic[LIST].sent > 15


# --- counting ---


def test_bytes_are_counted_as_they_came_over_the_wire(replay: Replay, session: Session) -> None:
    packed = gzip.compress(b'{"value": []}' + b" " * 10_000)
    replay.give(PATH, Answer(200, packed, {"Content-Encoding": "gzip", "Content-Type": "application/json"}))
    assert read(session) == ([], None)
    assert session.traffic[LIST] == Traffic(sent=1, bytes=len(packed))


def test_a_session_that_asks_nothing_imports_no_sdk() -> None:
    """They take longer to import than a refused configuration takes to be told."""
    code = "import sys, auditor.collect; print([each for each in sys.modules if each.startswith('azure.mgmt')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"
