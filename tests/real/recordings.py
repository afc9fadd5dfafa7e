"""The recorded answers of the live service, and the few ways in which a test may alter one.

They lie beside the checkout, not in it: without them the tests over them are skipped, and fail where ``CI`` is set.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.real.replay import Answer

FOLDER = Path(__file__).parents[2] / "../shared/azure/recordings"
AGENT_PUBLISHER = "Microsoft.Azure.Monitor"

Json = dict[str, Any]


def require_recordings() -> None:
    if FOLDER.is_dir():
        return
    sentence = f"the recorded answers are not there: {FOLDER.name}/ belongs beside the checkout, in shared/azure"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@lru_cache(maxsize=64)
def _entries(file: str) -> tuple[Json, ...]:
    entries = tuple(json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8")))
    assert all(entry["kind"] == "recording" for entry in entries), f"{file} holds more than recordings"
    return entries


def how_many(file: str) -> int:
    return len(_entries(file))


def request_of(file: str, at: int) -> Json:
    return dict(_entries(file)[at]["request"])


def answer_of(file: str, at: int) -> Answer:
    """The recorded answer, untouched."""
    return Answer.recorded(_entries(file)[at]["response"])


def body_of(file: str, at: int) -> Any:
    """A copy of the recorded body."""
    return copy.deepcopy(_entries(file)[at]["response"]["body"])


def listed(machine: Mapping[str, Any]) -> Json:
    """The list's entry for a machine of which only the GET was recorded: as recorded lists are, with no instance view,
    and of its extensions the ids alone."""
    entry = copy.deepcopy(dict(machine))
    entry.get("properties", {}).pop("instanceView", None)
    if "resources" in entry:
        entry["resources"] = [{"id": each["id"]} for each in entry["resources"]]
    return entry


def wrapped(extension: Mapping[str, Any], machine: str) -> Json:
    """A machine ``machine`` (its id) around a recorded GET of a single extension: the resource as it stands but for its
    id, which is the machine's, and its instance view (which such an answer carries within its properties) where a
    machine's answer has it. The rest of the machine is made up."""
    resource = copy.deepcopy(dict(extension)) | {"id": f"{machine}/extensions/{extension['name']}"}
    told = resource["properties"].pop("instanceView", None)
    view: Json = {"statuses": [{"code": "PowerState/running"}]}
    if told is not None:
        view["extensions"] = [told]
    return {
        "id": machine,
        "name": machine.rsplit("/", 1)[-1],
        "type": "Microsoft.Compute/virtualMachines",
        "location": resource["location"],
        "properties": {"instanceView": view},
        "resources": [resource],
    }


def as_agent(machine: Mapping[str, Any], extension: str) -> Json:
    """The recorded machine with its extension ``extension`` renamed to be the Azure Monitor Agent, which no recorded
    machine has: publisher and type are changed everywhere in the answer, and nothing else."""
    altered = copy.deepcopy(dict(machine))
    linux = altered["properties"].get("storageProfile", {}).get("osDisk", {}).get("osType") != "Windows"
    kind = "AzureMonitorLinuxAgent" if linux else "AzureMonitorWindowsAgent"
    resource = next(each for each in altered["resources"] if each["name"] == extension)
    properties = resource["properties"]
    was = f"{properties['publisher']}.{properties['type']}"
    properties |= {"publisher": AGENT_PUBLISHER, "type": kind}
    view = altered["properties"].get("instanceView", {})
    for told in [*view.get("extensions", []), *(view.get("vmAgent", {}).get("extensionHandlers") or [])]:
        if told.get("type") == was:
            told["type"] = f"{AGENT_PUBLISHER}.{kind}"
    return altered
