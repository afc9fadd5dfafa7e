"""Operations that earlier nights remember: beside tonight's, in the place of none that tonight's log tells itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pandas as pd

from auditor.frames import build
from auditor.frames.build import Frames
from auditor.frames.remembered import with_remembered
from auditor.model.memory import KeptOperation

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
DAY = timedelta(days=1)
MACHINE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/Web"
KEY = f"tie|{MACHINE.lower()}/extensions/ama|write"


def operation(
    ended: datetime, *, machine: str = MACHINE, since: datetime | None = None, key: str = KEY
) -> KeptOperation:
    first = since or ended
    return KeptOperation(
        f"{key}|{first.isoformat()}", "s", machine, f"{machine}/extensions/AMA", "write", since, ended, "failed",
        "unknown", "unknown", "VMExtensionHandlerNonTransientError", "it failed", "Conflict",
    )  # fmt: skip


def frames(*tonight: KeptOperation) -> Frames:
    told = [asdict(each) for each in tonight]
    return build({"machines": [{"id": MACHINE.upper(), "kind": "vm"}], "operations": told}, [])


def ids(found: pd.DataFrame) -> list[str]:
    return found["id"].tolist()


def test_what_left_the_look_back_stands_beside_what_is_told_tonight() -> None:
    old, new = operation(NOW - 30 * DAY), operation(NOW - DAY, key=f"other|{KEY[4:]}")

    found = with_remembered(frames(new), [old])

    assert ids(found) == [old.id, new.id]
    assert found.dtypes.equals(frames(new)["operations"].dtypes)
    assert found["ended"].tolist() == [pd.Timestamp(old.ended), pd.Timestamp(new.ended)]


def test_an_operation_that_tonights_log_still_tells_in_part_is_one() -> None:
    """Its first event has left the look-back, so the log names it by another one."""
    whole, rest = operation(NOW, since=NOW - timedelta(minutes=9)), operation(NOW)

    assert ids(with_remembered(frames(rest), [whole])) == [rest.id]


def test_an_earlier_try_under_the_same_correlation_is_another_operation() -> None:
    earlier, later = operation(NOW - 20 * DAY), operation(NOW - DAY)

    assert ids(with_remembered(frames(later), [earlier])) == [earlier.id, later.id]


def test_one_that_had_not_ended_gives_way_to_what_the_log_tells_of_it_since() -> None:
    begun, ended = operation(NOW - DAY), operation(NOW)
    begun = replace(begun, outcome="running", started=begun.ended, ended=None)

    assert ids(with_remembered(frames(ended), [begun])) == [ended.id]
    assert ids(with_remembered(frames(), [begun])) == [begun.id]


def test_of_machines_elsewhere_nothing_is_added() -> None:
    shard = frames(operation(NOW))

    assert with_remembered(shard, [operation(NOW - DAY, machine="/elsewhere")]) is shard["operations"]
    assert with_remembered(shard, []) is shard["operations"]
