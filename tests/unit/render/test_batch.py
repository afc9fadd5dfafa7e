"""A piece of evidence that findings share is written once, and never in another's place."""

from __future__ import annotations

import orjson
import pytest

from auditor.model.report import Evidence
from auditor.render import batch
from auditor.render.batch import Pieces


def piece(value: object) -> Evidence:
    return Evidence("location", "Location", value, str(value), "resource_graph", None)


def test_a_piece_is_written_once() -> None:
    pieces, told = Pieces(), piece("japaneast")
    assert orjson.loads(pieces.json(told))["value"] == "japaneast"
    assert pieces.json(told) is pieces.json(told)


def test_what_is_kept_is_bounded_and_a_piece_that_went_is_not_mistaken_for_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "PIECES_HELD", 2)
    pieces = Pieces()
    assert [orjson.loads(pieces.json(piece(number)))["value"] for number in range(20)] == list(range(20))
    assert len(pieces._written) <= 2
