"""What is laid down on the disk comes back equal, under its key, in its order."""

from __future__ import annotations

from dataclasses import replace

from auditor.compose.spool import Spool
from auditor.model.remedy import Act, Remedy, Step
from auditor.model.report import Portion
from auditor.render.batch import Batch, Pieces
from tests.unit.render import sample

REMEDY = Remedy("", azure_cli="az", steps=(Step(Act.ENABLE, ("a", "b")),))
TOLD = [
    each._replace(resource_id=f"{each.resource_id}/\udcff/{at}", remedy=replace(REMEDY, words=f"\u4e00 {at}"))
    for at, each in enumerate(sample.findings())
]


def test_portions_come_back_by_key_in_their_order() -> None:
    columns = Batch(TOLD, Pieces()).columns
    portions = [Portion(tuple(TOLD[at : at + 7])) for at in range(0, len(TOLD), 7)]
    left = [
        Portion((), columns.slice(3, 5)),
        Portion((TOLD[0],), columns),
        Portion((), columns.slice(0, 0)),
    ]
    with Spool() as laid:
        laid.lay("listed", portions[:3])
        laid.lay("left", left)
        laid.lay("listed", iter(portions[3:]))
        assert list(laid.told("left")) == left
        assert list(laid.told("listed")) == portions
        assert list(laid.told("nothing")) == []


def test_what_findings_share_is_one_thing_again() -> None:
    """Its JSON is written once."""
    with Spool() as laid:
        laid.lay("all", [Portion((TOLD[0], TOLD[0]._replace(reason="another")))])
        [(first, second)] = [portion.findings for portion in laid.told("all")]
    assert first.evidence and all(a is b for a, b in zip(first.evidence, second.evidence, strict=True))
