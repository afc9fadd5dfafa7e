"""Fifteen queries in a window of five seconds, told on every answer and enforced when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from auditor.simulator import Fault, MachineSpec, Simulator
from auditor.simulator.exchange import Answer
from auditor.simulator.quotas import Quotas
from auditor.simulator.routes import all_routes
from tests.unit.simulator.parts import estate_of

Ask = Callable[..., requests.Response]
PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
QUERY = {"query": "resources | count"}
ROUTE = next(each for each in all_routes() if each.name == "resource_graph")


class Window:
    """The quota with a clock of its own."""

    def __init__(self, *, enforced: bool) -> None:
        self.now = 100.0
        self._quotas = Quotas(enforced, clock=lambda: self.now)

    def take(self, principal: str = "me") -> tuple[str, str, Answer | None]:
        headers, refusal = self._quotas.take(ROUTE, "", PATH, principal)
        return headers["x-ms-user-quota-remaining"], headers["x-ms-user-quota-resets-after"], refusal


def test_the_sixteenth_query_of_a_window_is_refused_and_the_next_window_is_whole() -> None:
    window = Window(enforced=True)
    taken = [window.take() for _ in range(16)]
    assert [left for left, _, _ in taken] == [str(number) for number in range(14, -1, -1)] + ["0"]
    assert [refusal is None for _, _, refusal in taken] == [True] * 15 + [False]
    window.now += 4.5
    assert window.take()[0:2] == ("0", "00:00:01")
    assert window.take()[2] is not None
    window.now += 0.5
    assert window.take() == ("14", "00:00:05", None)


def test_a_refusal_says_when_to_come_again() -> None:
    window = Window(enforced=True)
    refusal = [window.take() for _ in range(16)][-1][2]
    assert refusal is not None
    assert (refusal.status, refusal.headers["Retry-After"]) == (429, "5")
    (reason,) = refusal.body["error"]["details"]
    assert refusal.body["error"]["code"] == reason["code"] == "RateLimiting"


def test_a_window_begins_with_its_first_query() -> None:
    """As documented: when a window ends, there are 15 queries and 5 seconds again."""
    window = Window(enforced=True)
    assert window.take() == ("14", "00:00:05", None)
    window.now += 2.5
    assert window.take() == ("13", "00:00:03", None)
    window.now += 2.5
    assert window.take() == ("14", "00:00:05", None)
    window.now += 60
    assert window.take() == ("14", "00:00:05", None)


def test_each_principal_has_a_quota_of_its_own() -> None:
    window = Window(enforced=True)
    for _ in range(15):
        window.take("me")
    assert window.take("me")[2] is not None
    assert window.take("somebody else") == ("14", "00:00:05", None)


def test_the_headers_are_true_where_nothing_is_enforced() -> None:
    window = Window(enforced=False)
    taken = [window.take() for _ in range(17)]
    assert [left for left, _, _ in taken[12:]] == ["2", "1", "0", "0", "0"]
    assert {refusal for _, _, refusal in taken} == {None}


def test_refused_queries_come_from_the_service_with_its_headers(ask: Ask) -> None:
    with Simulator(estate_of(MachineSpec("a")), quotas=True) as simulator:
        simulator.warm()
        answers = [ask(simulator, PATH, "POST", json=QUERY) for _ in range(40)]
    refused = [each for each in answers if each.status_code == 429]
    assert 0 < len(refused) <= 25
    assert {each.headers["x-ms-user-quota-remaining"] for each in refused} == {"0"}
    assert {each.headers["x-ms-user-quota-resets-after"] for each in refused} <= {f"00:00:0{n}" for n in range(1, 6)}
    assert {each.headers["x-ms-user-quota-remaining"] for each in answers if each.ok} >= {"14", "0"}


def test_other_requests_do_not_count(ask: Ask) -> None:
    with Simulator(estate_of(MachineSpec("a")), quotas=True) as simulator:
        first = ask(simulator, PATH, "POST", json=QUERY)
        for _ in range(3):
            assert ask(simulator, "/subscriptions?api-version=2022-12-01").status_code == 200
        second = ask(simulator, PATH, "POST", json=QUERY)
    left = [int(each.headers["x-ms-user-quota-remaining"]) for each in (first, second)]
    assert left in ([14, 13], [14, 14])


def test_a_token_and_an_api_version_are_asked_for(ask: Ask) -> None:
    with Simulator(estate_of(MachineSpec("a"))) as simulator:
        assert ask(simulator, PATH, "POST", token=None, json=QUERY).status_code == 401
        assert ask(simulator, PATH.partition("?")[0], "POST", json=QUERY).status_code == 400
        for body in (b"", b"[]", b'{"query": 1}', b"{"):
            refused: Any = ask(simulator, PATH, "POST", data=body)
            assert refused.json()["error"]["details"][0]["code"] == "InvalidRequest"


def test_the_limit_of_subscriptions_as_weather(ask: Ask) -> None:
    """A header that a fault brings stands on the service's own answer."""
    hit = Fault("/Microsoft.ResourceGraph/resources", headers={"x-ms-tenant-subscription-limit-hit": "true"}, times=1)
    with Simulator(estate_of(MachineSpec("a")), weather=(hit,)) as simulator:
        answers = [ask(simulator, PATH, "POST", json=QUERY) for _ in range(2)]
    assert [each.headers.get("x-ms-tenant-subscription-limit-hit") for each in answers] == ["true", None]
    assert [each.json()["data"] for each in answers] == [[{"Count": 1}]] * 2
