"""Which readings lie over which rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from auditor.frames.coverage import Coverage, Subjects
from auditor.model.reading import Reading, Row, Source
from auditor.model.scopes import LIES_OVER, Cut, Subject, scopes_of, subject_of
from tests.unit.frames.parts import (
    INSTANCE,
    LINUX,
    MACHINE,
    NOW,
    OFFER_SCOPE,
    PUBLISHER,
    SCALE_SET,
    SERVER,
    SUBSCRIPTION,
    flexible,
    instance,
    machine,
    reading,
    scale_set,
    server,
    with_arc,
    with_flexible,
    with_uniform,
)

AGENT = {"publisher": PUBLISHER, "type": LINUX}
ROWS: dict[Subject, Row] = {
    Subject.VM: machine(),
    Subject.UNIFORM: instance(),
    Subject.ARC: server(),
    Subject.SCALE_SET: scale_set(),
}


@pytest.mark.parametrize(
    ("row", "subject"),
    [
        *((row, subject) for subject, row in ROWS.items()),
        (flexible(), Subject.VM),
        (instance(follows_model="no"), Subject.UNIFORM),
        (instance(follows_model=None), Subject.UNIFORM),
        ({"on": "model", "machine_id": SCALE_SET}, Subject.SCALE_SET),
        ({"kind": "scale_set"}, Subject.SCALE_SET),
        ({"machine_id": MACHINE, "action": "write"}, None),
    ],
    ids=str,
)
def test_what_a_row_is_about(row: Row, subject: Subject | None) -> None:
    assert subject_of(row) is subject


def lowered(*scopes: str) -> tuple[str, ...]:
    return tuple(map(str.lower, scopes))


@pytest.mark.parametrize(
    ("source", "row", "scopes"),
    [
        (Source.SUBSCRIPTIONS, machine(), (SUBSCRIPTION, "tenant")),
        (Source.VIRTUAL_MACHINES, flexible(), (SUBSCRIPTION,)),
        (Source.VIRTUAL_MACHINES, instance(), ()),
        (Source.SCALE_SETS, instance(), (SCALE_SET, SUBSCRIPTION)),
        (Source.SCALE_SETS, scale_set(), (SCALE_SET, SUBSCRIPTION)),
        (Source.SCALE_SETS, machine(), (SUBSCRIPTION,)),
        (Source.SCALE_SET_INSTANCES, instance(), (SCALE_SET,)),
        (Source.SCALE_SET_INSTANCES, scale_set(), (SCALE_SET,)),
        (Source.SCALE_SET_INSTANCES, flexible(), ()),
        (Source.EXTENSIONS, machine(), (SUBSCRIPTION,)),
        (Source.EXTENSIONS, server(), ()),
        (Source.ARC_EXTENSIONS, server(), (SERVER, SUBSCRIPTION)),
        (Source.INSTANCE_VIEW, instance(), (INSTANCE,)),
        (Source.INSTANCE_VIEW, server(), ()),
        (Source.ACTIVITY_LOG, server(), ()),
        (Source.ARC_ACTIVITY_LOG, server(), (SUBSCRIPTION,)),
        (Source.ACTIVITY_LOG, {"machine_id": MACHINE, "subscription_id": SUBSCRIPTION}, (SUBSCRIPTION,)),
        (Source.EXTENSION_VERSIONS, machine(location="Japan East", **AGENT), (OFFER_SCOPE,)),
        (Source.ARC_EXTENSION_VERSIONS, server(**AGENT), (OFFER_SCOPE,)),
        (Source.ARC_EXTENSION_VERSIONS, server(publisher=PUBLISHER, type=float("nan")), ()),
        (Source.HEARTBEATS, machine(), ()),
        (Source.MANAGEMENT_GROUPS, machine(), ()),
    ],
)
def test_the_scopes_over_a_row_are_told_most_specific_first(source: Source, row: Row, scopes: tuple[str, ...]) -> None:
    assert scopes_of(source, row) == lowered(*scopes)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, ""])
def test_a_scope_is_not_made_of_what_is_missing(missing: Any) -> None:
    assert scopes_of(Source.EXTENSIONS, machine(subscription_id=missing)) == ()


@pytest.mark.parametrize("frame", ["machines", "extensions", "scale_sets"])
@pytest.mark.parametrize("source", LIES_OVER)
def test_all_rows_at_once_are_covered_as_each_by_itself(source: Source, frame: str) -> None:
    estates = (with_uniform(), with_flexible(), with_arc())
    rows = pd.concat([estate.frames()[frame] for estate in estates], ignore_index=True)
    every = sorted({scope for row in rows.to_dict("records") for scope in scopes_of(source, row)})
    for scope in (*every, "elsewhere"):
        covered = Coverage.of(frame_of(reading(source, scope))).over((source,), Subjects(rows))
        expected = [scope in scopes_of(source, row) for row in rows.to_dict("records")]
        assert covered.tolist() == expected, scope


def frame_of(*readings: Reading) -> pd.DataFrame:
    return pd.DataFrame([each.as_row() for each in readings])


def test_a_machine_of_unknown_kind_is_covered_by_nothing() -> None:
    """Else less knowledge would tell more: which list has it is not known."""
    rows = with_arc().frames()["machines"].assign(kind=None)
    coverage = Coverage.of(frame_of(*(reading(source, SUBSCRIPTION) for source in LIES_OVER)))

    assert [coverage.over((source,), Subjects(rows)).tolist() for source in LIES_OVER] == [[False]] * len(LIES_OVER)


def test_scopes_are_compared_in_any_letter_case() -> None:
    coverage = Coverage.of(frame_of(Reading(Source.INSTANCE_VIEW, MACHINE.upper(), True, 1, NOW)))

    assert coverage.covers(Source.INSTANCE_VIEW, MACHINE)
    assert not coverage.covers(Source.INSTANCE_VIEW, f"{MACHINE}0")
    assert not coverage.covers(Source.EXTENSIONS, MACHINE)


def test_every_cut_is_made_for_every_frame() -> None:
    subjects = Subjects(with_uniform().frames()["extensions"])

    scopes = {cut: subjects.offers if cut is Cut.OFFER else subjects.scope(cut) for cut in Cut}
    assert {cut: len(found) for cut, found in scopes.items()} == dict.fromkeys(Cut, 2)
