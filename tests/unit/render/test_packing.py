"""What is packed comes out again as it went in, within the budget, and what has no place is counted."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from auditor.model.report import Finding
from auditor.render.packing import PARCEL, ROW_KEYS, Packing, Parcel, Telling
from tests.unit.render import sample

TELLING = Telling(lambda finding: [("Resource id", finding.resource_id)], lambda item: (item.label, item.shown))
PLENTY = 10**9


def packed(findings: list[Finding], budget: int = PLENTY) -> tuple[list[Parcel], int]:
    packing = Packing(TELLING, PLENTY)
    for finding in findings:
        packing.add(finding)
    return packing.finish(budget)


def opened(text: str) -> Any:
    return json.loads(zlib.decompress(b64decode(text)))


def rows(parcels: list[Parcel]) -> Iterator[dict[str, str]]:
    for parcel in parcels:
        told = opened(parcel.rows)
        for _rank, *cells in told["rows"]:
            yield dict(zip(ROW_KEYS, (told["texts"][cell] for cell in cells), strict=True))


def test_each_finding_is_a_row_and_its_texts_are_its_own() -> None:
    parcels, missing = packed([sample.finding(number) for number in range(PARCEL + 5)])
    assert [parcel.count for parcel in parcels] == [PARCEL, 5]
    assert [row["machine_name"] for row in rows(parcels)][-1] == f"vm-app-{PARCEL + 4:03}"
    assert missing == 0


def test_commands_hold_marks_for_ids_and_no_text_brings_a_mark_of_its_own() -> None:
    evil = sample.finding(1, owner="\x01", reason="\x01", history="\x01 in a name")
    details = opened(packed([evil])[0][0].details)
    told, _evidence, facts, _own = details["details"][0]
    assert details["texts"][facts[1]] == "\x01"
    assert details["texts"][told[4]] == "\ufffd in a name"


def test_above_the_budget_what_is_no_news_gives_way_the_least_grave_first() -> None:
    findings = [sample.finding(at, change="new" if at >= 2 * PARCEL else "still") for at in range(3 * PARCEL)]
    whole, _none = packed(findings)
    kept, missing = packed(findings, sum(map(len, whole)) - 1)
    assert [parcel.news for parcel in kept] == [False, True]
    assert missing == PARCEL
    assert next(rows(kept))["machine_name"] == "vm-app-000"


def test_nothing_fits_into_nothing() -> None:
    assert packed([sample.finding(1)], 0) == ([], 1)
