"""Faults befall the requests they are meant for; quotas are off until asked for, and then count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import requests

from auditor.simulator import PRESETS, Fault, MachineSpec, Simulator
from auditor.simulator.quotas import Quotas
from auditor.simulator.routes import all_routes
from tests.unit.simulator.parts import FIRST, estate_of, machine_path

Ask = Callable[..., requests.Response]
MACHINE = MachineSpec("a")
PATH = machine_path(MACHINE, "?$expand=instanceView&api-version=1")
LIST = f"/subscriptions/{FIRST}/providers/Microsoft.Compute/virtualMachines?api-version=1"


def test_a_fault_meets_so_many_requests_after_so_many(ask: Ask) -> None:
    fault = Fault("/virtualMachines/a", status=429, headers={"Retry-After": "7"}, body={"error": {}}, after=1, times=2)
    with Simulator(estate_of(MACHINE), weather=(fault,)) as simulator:
        answers = [ask(simulator, PATH) for _ in range(5)]
        assert [each.status_code for each in answers] == [200, 429, 429, 200, 200]
        assert answers[1].headers["Retry-After"] == "7"
        assert ask(simulator, LIST).status_code == 200
        assert simulator.requests["virtual_machine"] == 5


def test_faults_can_be_set_while_it_serves(ask: Ask) -> None:
    with Simulator(estate_of(MACHINE)) as simulator:
        simulator.weather.set((Fault("expand=instanceView", status=500, body="<html>", method="get"),))
        answer = ask(simulator, PATH)
        assert (answer.status_code, answer.text) == (500, "<html>")
        assert answer.headers["Content-Type"] == "text/html"
        simulator.weather.set(())
        assert ask(simulator, PATH).status_code == 200


def test_a_lost_connection(ask: Ask) -> None:
    with Simulator(estate_of(MACHINE), weather=(Fault("/virtualMachines/a", drop=True, times=1),)) as simulator:
        with pytest.raises(requests.ConnectionError):
            ask(simulator, PATH)
        assert ask(simulator, PATH).status_code == 200


def test_keys_laid_over_the_services_own_answer(ask: Ask) -> None:
    fault = Fault("/virtualMachines/a", amend={"properties": {"provisioningState": "Odd"}})
    with Simulator(estate_of(MACHINE), weather=(fault,)) as simulator:
        body = ask(simulator, PATH).json()
    assert body["properties"]["provisioningState"] == "Odd"
    assert body["name"] == "a"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_can_be_served_in(name: str, ask: Ask) -> None:
    """Requests that no preset is about are answered in any weather."""
    with Simulator(estate_of(MACHINE), weather=PRESETS[name]) as simulator:
        assert ask(simulator, f"/{FIRST}/v2.0/.well-known/openid-configuration").status_code == 200


def test_a_page_that_is_not_json(ask: Ask) -> None:
    with Simulator(estate_of(MACHINE), weather=PRESETS["bad_page"]) as simulator:
        assert ask(simulator, LIST).json()["value"]
        with pytest.raises(requests.JSONDecodeError):
            ask(simulator, f"{LIST}&$skiptoken=MTAw").json()


def test_the_limit_of_one_machine(ask: Ask) -> None:
    """36 requests at once, then 429 with the policy's name and a Retry-After; other machines are not concerned."""
    other = MachineSpec("b")
    with Simulator(estate_of(MACHINE, other), quotas=True) as simulator:
        answers = [ask(simulator, PATH) for _ in range(37)]
        first, refused = answers[0], answers[-1]
        assert [each.status_code for each in answers] == [200] * 36 + [429]
        assert first.headers["x-ms-ratelimit-remaining-resource"] == (
            "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35"
        )
        assert refused.json()["error"]["details"][0]["target"] == "LowCostGetResource"
        assert 1 <= int(refused.headers["Retry-After"]) <= 5
        assert ask(simulator, machine_path(other, "?api-version=1")).status_code == 200


def test_buckets_fill_again_with_time() -> None:
    clock = [0.0]
    quotas = Quotas(True, clock=lambda: clock[0])
    route = next(each for each in all_routes() if each.name == "subscription")
    take = [quotas.take(route, FIRST, f"/subscriptions/{FIRST}", "me") for _ in range(251)]
    assert [refusal is None for _, refusal in take] == [True] * 250 + [False]
    assert take[0][0]["x-ms-ratelimit-remaining-subscription-global-reads"] == "249"
    clock[0] = 0.2
    after = [quotas.take(route, FIRST, f"/subscriptions/{FIRST}", "me")[1] is None for _ in range(6)]
    assert after == [True] * 5 + [False]
    assert quotas.take(route, FIRST, f"/subscriptions/{FIRST}", "somebody else")[1] is None


def test_quotas_are_off_until_asked_for(ask: Ask) -> None:
    with Simulator(estate_of(MACHINE)) as simulator:
        assert {ask(simulator, PATH).status_code for _ in range(40)} == {200}


def test_tokens_that_were_shown_expire_and_others_do_not(ask: Ask) -> None:
    with Simulator(estate_of(MACHINE)) as simulator:
        assert ask(simulator, PATH, token="first").status_code == 200
        simulator.expire_tokens()
        refused = ask(simulator, PATH, token="first")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
        assert ask(simulator, PATH, token="second").status_code == 200


def test_every_answer_is_dated_by_the_clouds_clock(ask: Ask) -> None:
    """Of the recorded answers whose headers were kept whole, every one has a Date, refusals too."""
    there = datetime(2026, 11, 22, 3, 0, 17, 900_000, tzinfo=UTC)
    faults = (Fault("expand=instanceView", status=503),)
    with Simulator(estate_of(MACHINE), weather=faults, clock=lambda: there) as simulator:
        answers = [ask(simulator, path) for path in (LIST, PATH, "/nothing")]
        assert {each.headers["Date"] for each in answers} == {"Sun, 22 Nov 2026 03:00:17 GMT"}
