"""A view's columns are read once, and only their different values are looked at."""

from __future__ import annotations

from auditor.compose.answers import Answers
from auditor.compose.evidence import Witness
from auditor.compose.rows import Rows, View
from auditor.compose.wording import Wording
from auditor.model.dataset import VIEWS
from tests.unit.compose import parts


def view(*rows: dict[str, object]) -> View:
    return View(parts.framed(VIEWS["machines"], list(rows)), "machines")


def test_a_missing_value_is_none_and_a_column_that_is_not_there_is_missing_everywhere() -> None:
    rows = view({"location": "japaneast"}, {"location": None}, {"location": "japaneast"}).rows([2, 1])
    assert rows.values("location") == ["japaneast", None]
    assert rows.values("no_such_column") == [None, None]


def test_what_depends_on_columns_is_made_once_for_rows_that_are_alike_in_them() -> None:
    seen = view(*({"location": where, "os": os} for where, os in (("a", "x"), ("a", None), ("b", "x"), ("a", "x"))))
    asked: list[int] = []

    def make(rows: Rows) -> list[str]:
        asked.append(len(rows))
        pairs = zip(rows.values("location"), rows.values("os"), strict=True)
        return [f"{where} {os}" for where, os in pairs]

    made = seen.combined([seen.column("location"), seen.column("os")], make)
    assert made.at(seen.rows().positions) == ["a x", "a None", "b x", "a x"]
    assert asked == [3]


def test_rules_that_name_a_column_share_its_evidence() -> None:
    frames = parts.shop().frames(parts.survey())
    witness = Witness(Answers.of(frames["readings"]), Wording("en", "UTC"))
    rows = View(frames["extensions"], "extensions").rows()
    one, other = witness.told(("auto_upgrade",), rows), witness.told(("auto_upgrade", "installed_version"), rows)
    assert one
    for few, more in zip(one, other, strict=True):
        assert all(any(piece is each for each in more) for piece in few)
