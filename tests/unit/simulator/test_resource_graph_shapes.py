"""Resource Graph's answers have the keys, the absences and the letter cases that were recorded."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import requests

from auditor.simulator import MachineSpec, Simulator, azure_monitor_agent
from tests.unit.simulator.parts import FIRST, SECOND, estate_of, recorded
from tests.unit.simulator.shapes import mappings

Ask = Callable[..., requests.Response]
Exchange = dict[str, Any]

PATH = "/providers/Microsoft.ResourceGraph/resources"
AGENT = azure_monitor_agent("Linux", "1.38.1", name="AMA")
MACHINES = tuple(MachineSpec(f"m{number}", extensions=(AGENT,), tags={"x": "y"}) for number in range(20))
_FORM = {str: "text", bool: "flag", int: "number", float: "number", dict: "object", list: "list", type(None): "null"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(estate_of(*MACHINES)) as served:
        yield served


def exchanges(status: int) -> list[Exchange]:
    """Those recorded of tables that the simulator has; the queries of two others are not of virtual machines."""
    found = [each for each in recorded("resource-graph") if each["response"]["status"] == status]
    return [each for each in found if isinstance(each["request"]["body"], dict) and _ours(each)]


def _ours(exchange: Exchange) -> bool:
    query = exchange["request"]["body"]["query"].lower()
    foreign = ("communitygalleryresources", "recoveryservicesresources", "resourcecontainers")
    return not query.startswith(foreign) and "facets" not in exchange["request"]["body"]


def again(exchange: Exchange, simulator: Simulator, ask: Ask) -> requests.Response:
    """The recorded request, sent to the simulator for its own subscriptions."""
    version = exchange["request"]["url"].partition("api-version=")[2]
    body = exchange["request"]["body"] | {"subscriptions": [FIRST, SECOND]}
    if "$skipToken" in body.get("options", {}) and "preview" in version:
        # The tokens of the preview were sealed.
        body["options"] = {key: value for key, value in body["options"].items() if key != "$skipToken"}
    return ask(simulator, f"{PATH}?api-version={version}", "POST", json=body)


def form(value: Any) -> Any:
    """What kinds of things stand where, without the rows."""
    if isinstance(value, dict):
        return {key: form(each) for key, each in value.items() if key != "rows"}
    return _FORM[type(value)]


def test_recorded_queries_are_answered_in_the_recorded_form(simulator: Simulator, ask: Ask) -> None:
    sent = exchanges(200)
    assert len(sent) >= 10
    for exchange in sent:
        theirs, ours = exchange["response"]["body"], again(exchange, simulator, ask).json()
        assert list(ours) == list(theirs)
        assert form(ours) == form(theirs)
        if isinstance(theirs["data"], dict):
            kinds = {each["name"]: each["type"] for each in ours["data"]["columns"]}
            assert kinds == {each["name"]: each["type"] for each in theirs["data"]["columns"]}
        else:
            assert [set(row) for row in ours["data"]] == [set(row) for row in theirs["data"]]


def test_recorded_refusals_are_answered_in_the_recorded_form(simulator: Simulator, ask: Ask) -> None:
    sent = exchanges(400)
    assert len(sent) == 2
    for exchange in sent:
        theirs, answer = exchange["response"]["body"]["error"], again(exchange, simulator, ask)
        ours = answer.json()["error"]
        assert answer.status_code == 400
        assert list(ours) == list(theirs)
        assert ours["code"] == theirs["code"]
        assert [list(each) for each in ours["details"]] == [list(each) for each in theirs["details"]]
        told = ("code", "line")
        assert [[each.get(key) for key in told] for each in ours["details"]] == [
            [each.get(key) for key in told] for each in theirs["details"]
        ]
        numbers = re.compile(r"(?<== )[0-9a-fTZ.:-]+")
        assert numbers.sub("", ours["message"]) == numbers.sub("", theirs["message"])
        assert [each["message"] for each in ours["details"]] == [each["message"] for each in theirs["details"]]


def test_recorded_headers_are_there(simulator: Simulator, ask: Ask) -> None:
    for exchange in [*exchanges(200), *exchanges(400)]:
        theirs = {key.lower() for key in exchange["response"]["headers"] if key.lower().startswith("x-ms-")}
        # The preview counted as a write of the tenant.
        theirs -= {"x-ms-ratelimit-remaining-tenant-writes"}
        assert theirs <= {key.lower() for key in again(exchange, simulator, ask).headers}


def test_a_whole_row_has_the_recorded_columns_in_their_order(simulator: Simulator, ask: Ask) -> None:
    whole = next(each for each in recorded("resource-graph") if "communitygallery" in str(each["request"]["body"]))
    (theirs, *_) = whole["response"]["body"]["data"]
    query = {"query": "resources | where name == 'm1'"}
    (ours,) = ask(simulator, f"{PATH}?api-version=2021-03-01", "POST", json=query).json()["data"]
    assert list(ours) == list(theirs)
    texts = {key for key, value in theirs.items() if isinstance(value, str)}
    assert texts == {key for key, value in ours.items() if isinstance(value, str)}
    assert (ours["kind"], ours["managedBy"], ours["sku"]) == ("", "", None)


def test_a_machines_row_is_spelled_as_recorded(simulator: Simulator, ask: Ask) -> None:
    """Keys and values that both have are written in one letter case; the type is in lower case, the id is not."""
    table = next(
        each["response"]["body"]["data"]
        for each in recorded("resource-graph/c7n-table-format-vm.json")
        if "microsoft.compute/virtualmachines" in str(each["response"]["body"])
    )
    names = [each["name"] for each in table["columns"]]
    theirs = dict(zip(names, table["rows"][0], strict=True))
    query = {"query": "resources | where name == 'm1'", "options": {"resultFormat": "table"}}
    data = ask(simulator, f"{PATH}?api-version=2019-04-01", "POST", json=query).json()["data"]
    ours = dict(zip([each["name"] for each in data["columns"]], data["rows"][0], strict=True))
    assert {each["name"]: each["type"] for each in data["columns"]}.items() >= {
        each["name"]: each["type"] for each in table["columns"]
    }.items()
    assert ours["type"] == theirs["type"] == "microsoft.compute/virtualmachines"
    assert ours["id"].split("/")[1::2] == theirs["id"].split("/")[1::2]
    assert ours["resourceGroup"] == ours["resourceGroup"].lower()
    known = {f"{place}.{key}" for place, row in mappings(theirs["properties"]) for key in row}
    spelled = {each.lower(): each for each in known}
    mine = [f"{place}.{key}" for place, row in mappings(ours["properties"]) for key in row]
    assert all(spelled.get(each.lower(), each) == each for each in mine)
    assert known - set(mine) <= {
        ".diagnosticsProfile", ".diagnosticsProfile.bootDiagnostics", ".diagnosticsProfile.bootDiagnostics.enabled",
        ".diagnosticsProfile.bootDiagnostics.storageUri", ".storageProfile.dataDisks[].name",
        ".storageProfile.dataDisks[].createOption", ".storageProfile.dataDisks[].diskSizeGB",
        ".storageProfile.dataDisks[].managedDisk", ".storageProfile.dataDisks[].managedDisk.id",
        ".storageProfile.dataDisks[].managedDisk.storageAccountType", ".storageProfile.dataDisks[].caching",
        ".storageProfile.dataDisks[].toBeDetached", ".storageProfile.dataDisks[].lun",
    }  # fmt: skip


def test_tokens_are_made_as_recorded(simulator: Simulator, ask: Ask) -> None:
    opened = [each for each in exchanges(200) if "preview" not in each["request"]["url"]]
    tokens = [each["response"]["body"]["$skipToken"] for each in opened if "$skipToken" in each["response"]["body"]]
    assert tokens
    query = {"query": "project id", "options": {"$top": 3, "$skip": 2}}
    mine = ask(simulator, f"{PATH}?api-version=2021-03-01", "POST", json=query).json()["$skipToken"]
    texts = [base64.b64decode(each) for each in (mine, *tokens)]
    assert {tuple(orjson.loads(each)) for each in texts} == {("$id", "MaxRows", "RowsToSkip", "KustoClusterUrl")}
    without_cluster = [re.sub(rb'"https.*?"', b"", each) for each in texts]
    assert without_cluster[0] in without_cluster[1:]
