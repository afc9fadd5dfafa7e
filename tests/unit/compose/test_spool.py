"""What is laid down on the disk comes back equal, under its key, in its order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.compose import spool
from auditor.compose.spool import Spool
from auditor.model.remedy import Act, Remedy, Step
from tests.unit.render import sample

REMEDY = Remedy("", azure_cli="az", steps=(Step(Act.ENABLE, ("a", "b")),))
TOLD = [
    each._replace(resource_id=f"{each.resource_id}/\udcff/{at}", remedy=replace(REMEDY, words=f"\u4e00 {at}"))
    for at, each in enumerate([*sample.findings()] * 5)
]


@pytest.mark.parametrize("together", [1, 3, 4_000])
def test_findings_come_back_by_key_however_they_were_cut(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(spool, "TOGETHER", together)
    half = len(TOLD) // 2
    with Spool() as laid:
        laid.lay("odd", TOLD[1:half:2])
        laid.lay("even", TOLD[:half:2])
        laid.lay("odd", iter(TOLD[half + 1 :]))
        assert list(laid.told("even")) == TOLD[:half:2]
        assert list(laid.told("odd")) == [*TOLD[1:half:2], *TOLD[half + 1 :]]
        assert list(laid.told("nothing")) == []


def test_what_findings_share_is_one_thing_again() -> None:
    """Its JSON is written once."""
    with Spool() as laid:
        laid.lay("all", [TOLD[0], TOLD[0]._replace(reason="another")])
        first, second = laid.told("all")
    assert first.evidence and all(a is b for a, b in zip(first.evidence, second.evidence, strict=True))
