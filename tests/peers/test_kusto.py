"""Every KQL text that the product sends is accepted by Microsoft's own parser, against the tables' schemas."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from auditor.collect.queries import QUERIES
from auditor.simulator.graph.rows import DYNAMICS, STRINGS
from tests.peers.parts import node_modules
from tests.real_parts import require

_RESOURCES = dict.fromkeys(STRINGS, "string") | dict.fromkeys(DYNAMICS, "dynamic")
# https://learn.microsoft.com/azure/azure-monitor/reference/tables/heartbeat
_HEARTBEAT = {
    "_BilledSize": "real", "_IsBillable": "string", "_ResourceId": "string", "_SubscriptionId": "string",
    "Category": "string", "Computer": "string", "ComputerEnvironment": "string", "ComputerIP": "string",
    "ComputerPrivateIPs": "dynamic", "IsGatewayInstalled": "bool", "ManagementGroupName": "string",
    "OSMajorVersion": "string", "OSMinorVersion": "string", "OSName": "string", "OSType": "string",
    "RemoteIPCountry": "string", "RemoteIPLatitude": "real", "RemoteIPLongitude": "real", "Resource": "string",
    "ResourceGroup": "string", "ResourceId": "string", "ResourceProvider": "string", "ResourceType": "string",
    "SCAgentChannel": "string", "Solutions": "string", "SourceComputerId": "string", "SourceSystem": "string",
    "SubscriptionId": "string", "TenantId": "string", "TimeGenerated": "datetime", "Type": "string",
    "Version": "string", "VMUUID": "string",
}  # fmt: skip
_TABLES = {
    "resource_graph": dict.fromkeys(
        ("resources", "resourcecontainers", "computeresources", "insightsresources"), _RESOURCES
    ),
    "log_analytics": {"Heartbeat": _HEARTBEAT},
}
_SERVICES = sorted({query.service for query in QUERIES.values()})
_MISSPELT = "\n| where identifierr == 1"
_NO_TABLE = "Heartbeatt | count"

Findings = Mapping[str, list[str]]


@pytest.fixture(scope="module")
def findings() -> Mapping[str, Findings]:
    """What the parser has to say, by service and text: of all that is sent, and of the same texts misspelt."""
    asked = {service: {"tables": _schemas(service), "queries": _asked(service)} for service in _SERVICES}
    command = [str(require("node")), str(Path(__file__).with_name("kusto.js")), str(node_modules())]
    answer = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    found: dict[str, dict[str, list[str]]] = json.loads(answer.stdout)
    return found


def _schemas(service: str) -> dict[str, str]:
    return {name: _schema(columns) for name, columns in _TABLES[service].items()}


def _asked(service: str) -> dict[str, str]:
    sent = _sent(service)
    misspelt = {f"{name}, misspelt": text.rstrip() + _MISSPELT for name, text in sent.items()}
    return sent | misspelt | {"no table": _NO_TABLE}


def _schema(columns: Mapping[str, str]) -> str:
    """Names in brackets, because some of them are words of the language too."""
    return "(" + ", ".join(f"['{name}']: {kind}" for name, kind in columns.items()) + ")"


def _sent(service: str) -> dict[str, str]:
    """The texts as they go out, with moments where moments belong."""
    texts = {name: query.text for name, query in QUERIES.items() if query.service == service}
    moments = {"{start}": "2026-11-01T00:00:00Z", "{end}": "2026-11-22T03:00:00Z"}
    for place, moment in moments.items():
        texts = {name: text.replace(place, moment) for name, text in texts.items()}
    return texts


@pytest.mark.parametrize("service", _SERVICES)
def test_the_parser_has_nothing_to_say_against_what_is_sent(service: str, findings: Mapping[str, Findings]) -> None:
    sent = _sent(service)
    assert {name: findings[service][name] for name in sent} == {name: [] for name in sent}


@pytest.mark.parametrize("service", _SERVICES)
def test_the_parser_names_what_is_misspelt(service: str, findings: Mapping[str, Findings]) -> None:
    """A column that the same texts do not have, and a table that nobody has: the parser would have told."""
    for name in _sent(service):
        (told,) = findings[service][f"{name}, misspelt"]
        assert "'identifierr' does not refer to any known column" in told
    (told,) = findings[service]["no table"]
    assert "'Heartbeatt' does not refer to any known table" in told
