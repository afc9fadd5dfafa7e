"""Which texts are among others, whatever they are given as."""

from __future__ import annotations

import pandas as pd
import pytest

from auditor.frames.cells import among


@pytest.mark.parametrize("texts", [("b", "c"), frozenset({"b", "c"}), {"b": 1, "c": 2}, pd.Series(["b", None, "c"])])
def test_a_missing_text_is_among_nothing_even_where_one_is_missing_there_too(texts: object) -> None:
    column = pd.Series(["a", "b", None, "c"], dtype="str")
    assert among(column, texts).tolist() == [False, True, False, True]  # type: ignore[arg-type]  # all are iterable


def test_nothing_is_among_no_texts_and_of_no_rows_there_is_no_flag() -> None:
    assert among(pd.Series(["a", None], dtype="str"), ()).tolist() == [False, False]
    assert among(pd.Series([], dtype="str"), ("a",)).tolist() == []
