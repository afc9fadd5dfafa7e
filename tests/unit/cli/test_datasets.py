"""``auditor datasets``: what a rule's author looks up."""

from __future__ import annotations

import json
import re
from textwrap import dedent

import pytest

from auditor.model.dataset import FRAMES, JUDGED, VIEWS, Kind
from auditor.model.operators import operators_of
from tests.unit.cli.conftest import Command

TOLD = {**FRAMES, **VIEWS}


def test_a_frame_is_told_in_full(command: Command) -> None:
    code, out, err = command("datasets Heartbeats")

    assert (code, err) == (0, "")
    assert out == dedent("""\
        heartbeats: a stay: a version reported without interruption by another
          key: machine_id, workspace, version, from
            machine_id            text: the machine
                                  Azure: _ResourceId
                                  rests on: heartbeats
            vm_id                 text: the unique id of the machine that reported
                                  Azure: VMUUID
                                  rests on: heartbeats
            version               version: the version it reported
                                  unit: 2 to 4 numbers, in quotes: "1.30"
                                  Azure: Version
                                  rests on: heartbeats
            from                  time: first heartbeat of the stay
                                  unit: UTC, to the microsecond
                                  Azure: TimeGenerated
                                  rests on: heartbeats
            to                    time: last heartbeat of the stay
                                  unit: UTC, to the microsecond
                                  Azure: TimeGenerated
                                  rests on: heartbeats
            workspace             text: the workspace
                                  rests on: heartbeats

        """)


def test_every_frame_is_told_with_each_of_its_columns(command: Command) -> None:
    code, out, _err = command("datasets")

    assert code == 0
    told = dict(zip(TOLD, [part.split("\n  ") for part in out.split("\n\n")], strict=False))
    for name, frame in TOLD.items():
        assert told[name][0] == f"{name}: {frame.row}"
        listed = [words[0] for line in told[name] if (words := line.strip(" *+").split()) and ":" in line]
        assert [column.name for column in frame if column.name not in listed] == []


@pytest.mark.parametrize("frame", JUDGED)
def test_columns_that_rules_may_use_are_marked(command: Command, frame: str) -> None:
    _code, out, _err = command(f"datasets {frame}")

    marks = {name: mark for mark, name in re.findall(r"^  ([*+ ]) (\S+)", out, re.MULTILINE)}
    compared = {column.name for column in VIEWS[frame] if operators_of(column.kind) or column.kind is Kind.TAGS}
    assert {name for name, mark in marks.items() if mark == "*"} == compared
    assert {name for name, mark in marks.items() if mark == "+"} == {column.name for column in VIEWS[frame]} - compared


def test_what_a_column_rests_on_and_what_it_is_made_from_are_told(command: Command) -> None:
    _code, out, _err = command("datasets machines")

    at = out.index("* days_stopped ")
    assert out[at:].split("\n  * ")[0] == dedent("""\
        * days_stopped          duration: for how long the machine has not run; zero
                                  while it runs
                                  unit: written 14d, 36h, 90m or 30s
                                  bounds: where only a span is known, a condition holds
                                  if it holds all over it
                                  derived: from last_ran, power_state
                                  rests on: virtual_machines or scale_set_instances or
                                  arc_machines or instance_view; and activity_log or
                                  arc_activity_log
                                  knows more with: heartbeats""")


def test_the_declarations_for_programs(command: Command) -> None:
    code, out, err = command("datasets --json")

    assert (code, err) == (0, "")
    told = {frame["frame"]: frame for frame in json.loads(out)}
    assert {name: [column["name"] for column in frame["columns"]] for name, frame in told.items()} == {
        name: [column.name for column in frame] for name, frame in TOLD.items()
    }
    [upgrade] = [column for column in told["extensions"]["columns"] if column["name"] == "auto_upgrade"]
    assert upgrade == {
        "name": "auto_upgrade",
        "kind": "word",
        "unit": "",
        "words": ["enabled", "disabled", "unset"],
        "meaning": "automatic upgrade by the platform",
        "property": "properties.enableAutomaticUpgrade",
        "bounds": False,
        "derived": False,
        "inputs": [],
        "rests_on": [["extensions", "arc_extensions", "scale_sets", "scale_set_instances", "instance_view"]],
        "helped_by": [],
        "rules": "conditions",
        "operators": ["equals", "not", "in", "not_in"],
    }


def test_a_frame_that_there_is_not_is_told_with_what_was_perhaps_meant(command: Command) -> None:
    assert command("datasets machine") == (
        2,
        "",
        "auditor datasets: there is no frame 'machine'; did you mean 'machines'?\n",
    )
