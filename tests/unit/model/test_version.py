"""Versions order part by part, as numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.version import Version

PARTS = st.lists(st.integers(0, 10**12 - 1), min_size=2, max_size=4)
VERSIONS = PARTS.map(lambda parts: Version.parse(".".join(map(str, parts))))


def numbers(parts: list[int]) -> tuple[int, ...]:
    return (*parts, 0, 0)[:4]


@given(PARTS, PARTS)
def test_order_and_equality_agree_with_the_numbers(left: list[int], right: list[int]) -> None:
    a, b = (Version.parse(".".join(map(str, parts))) for parts in (left, right))
    assert (a < b) == (numbers(left) < numbers(right))
    assert (a <= b) == (numbers(left) <= numbers(right))
    assert (a > b) == (numbers(left) > numbers(right))
    assert (a == b) == (numbers(left) == numbers(right))
    assert (a != b) == (numbers(left) != numbers(right))


@given(st.lists(VERSIONS, max_size=6).flatmap(lambda versions: st.tuples(st.just(versions), st.permutations(versions))))
def test_the_order_does_not_depend_on_where_one_begins(orders: tuple[list[Version], list[Version]]) -> None:
    one, other = (sorted(order) for order in orders)
    assert one == other
    assert all(low <= high for low, high in pairwise(one))


@given(VERSIONS)
def test_a_version_is_written_as_it_was_read(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert str(Version.parse(str(version))) == str(version)


@given(PARTS)
def test_leading_zeros_and_missing_parts_change_nothing(parts: list[int]) -> None:
    plain = Version.parse(".".join(map(str, parts)))
    padded = Version.parse(".".join(f"{part:012d}" for part in numbers(parts)))
    assert plain == padded
    assert hash(plain) == hash(padded)


def test_text_order_is_not_version_order() -> None:
    listed = ["1.10.0.0", "1.4.3320.3", "1.4.905.3", "1.9.0"]
    assert [str(version) for version in sorted(map(Version.parse, listed))] == [
        "1.4.905.3",
        "1.4.3320.3",
        "1.9.0",
        "1.10.0.0",
    ]


def test_a_release_is_major_and_minor() -> None:
    assert {Version.parse(text).release for text in ("1.26.2", "1.26.5")} == {(1, 26)}
    assert Version.parse("2.83.5").major == 2


@pytest.mark.parametrize(
    "text", ["", "1", "1.", "1.2.3.4.5", "1.2-beta", "v1.2", "1.x", "latest", "1,2", "１.２", "1.2\n3"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        Version.parse(text)
    assert Version.read(text) is None


@pytest.mark.parametrize("value", [None, 1.3, 1, ["1.2"]])
def test_data_that_is_no_text_is_no_version(value: object) -> None:
    assert Version.read(value) is None


def test_a_version_equals_no_text() -> None:
    assert Version.parse("1.2") != "1.2"
