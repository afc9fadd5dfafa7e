"""How old an installed version is, and whether it is one that is not to be used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from auditor.frames.ages import AUTOMATIC_AFTER, Age, Ages
from auditor.frames.offers import EVERYWHERE_AFTER, Place
from auditor.frames.releases import ReleaseTable
from auditor.model.memory import Memory
from auditor.model.rule import ReleaseRow
from tests.unit.frames.parts import (
    INSTANCE,
    LINUX,
    NOW,
    PUBLISHER,
    SERVER,
    Estate,
    ago,
    extension,
    in_model,
    machine,
    on,
    only,
    the_extension,
    with_arc,
    with_uniform,
)

PLACE: Place = ("vm", "japaneast", PUBLISHER.lower(), LINUX.lower())
ON_ARC: Place = ("arc", *PLACE[1:])  # type: ignore[assignment]  # one of its four parts is replaced
TABLE = (
    ReleaseRow(PUBLISHER, LINUX, date(2025, 6, 1), ("1.35.8", "1.35.9")),
    ReleaseRow(PUBLISHER, LINUX, date(2025, 9, 1), ("1.37.x",)),
    ReleaseRow(PUBLISHER, LINUX, None, ("1.25.2",), withdrawn=True),
    ReleaseRow(PUBLISHER, LINUX, None, ("1.29.5",), withdrawn=True, kinds=("arc",)),
)
JUNE, JULY, SEPTEMBER, OCTOBER = (datetime(2025, month, 1, tzinfo=UTC) for month in (6, 7, 9, 10))


def age(
    version: str, *, place: Place = PLACE, came: datetime | None = None, unseen: datetime | None = None, **more: Any
) -> Age:
    """Of a version that earlier nights saw come to the region, where they did."""
    offer = (*place, more.pop("offered", version))
    memory = Memory({offer: came} if came else {}, last_unseen={offer: unseen} if unseen else {})
    return Ages(ReleaseTable.of(more.pop("table", TABLE)), memory, NOW).of(place, version)


def bounds(found: Age) -> tuple[timedelta | None, timedelta | None]:
    return found.low, found.high


def test_the_year_counts_from_the_automatic_release_which_comes_up_to_thirty_days_after_a_month_without_a_day() -> None:
    assert bounds(age("1.35.9")) == (NOW - (JULY + AUTOMATIC_AFTER), NOW - JUNE)
    assert age("1.35.9").basis == "release_table"


def test_a_wildcard_gives_every_hotfix_of_the_release_its_month() -> None:
    for version in ("1.37.0", "1.37.4"):
        assert bounds(age(version)) == (NOW - (OCTOBER + AUTOMATIC_AFTER), NOW - SEPTEMBER)


def test_a_hotfix_that_the_table_does_not_name_is_not_older_than_its_release() -> None:
    assert bounds(age("1.35.12")) == (None, NOW - JUNE)


def test_a_version_newer_than_the_table_is_not_older_than_the_tables_end() -> None:
    assert bounds(age("1.38.1")) == (None, NOW - OCTOBER)
    assert age("1.38.1").basis == "release_table"


def test_what_the_table_passes_over_and_nobody_saw_come_has_no_age() -> None:
    assert age("1.36.1") == Age(withdrawn="no")
    assert age("1.38.1", table=()) == Age()


def test_a_version_that_earlier_nights_saw_come_is_at_least_as_old_as_that() -> None:
    """Automatic upgrades begin up to 30 days later; how old it was when it came, only the night before tells."""
    came = ago(days=100)

    assert bounds(age("1.38.1", came=came)) == (timedelta(days=70), NOW - OCTOBER)
    assert age("1.38.1", came=came).basis == "first_seen"


def test_the_night_that_missed_it_bounds_the_age_from_above() -> None:
    """Other regions may have had it a fortnight before."""
    found = age("1.38.1", came=ago(days=100), unseen=ago(days=101))

    assert bounds(found) == (timedelta(days=70), timedelta(days=101) + EVERYWHERE_AFTER)


def test_nights_that_were_far_apart_tell_little() -> None:
    found = age("1.36.1", came=ago(days=10), unseen=ago(days=400))

    assert bounds(found) == (timedelta(0), timedelta(days=414))


def test_the_table_knows_better_than_the_nights() -> None:
    assert age("1.35.9", came=ago(days=3), unseen=ago(days=4)) == age("1.35.9")


def test_another_spelling_is_the_same_version() -> None:
    assert age("1.38.1.0", came=ago(days=100), offered="1.38.1").basis == "first_seen"
    assert age("1.25.2.0").withdrawn == "yes"


@pytest.mark.parametrize(
    ("version", "place", "withdrawn"),
    [
        ("1.25.2", PLACE, "yes"),
        ("1.25.2", ON_ARC, "yes"),
        ("1.25.1", PLACE, "no"),
        ("1.29.5", PLACE, "no"),
        ("1.29.5", ON_ARC, "yes"),
        ("1.29.6", ON_ARC, "no"),
        ("newest", PLACE, None),
        ("1.25.2", (*PLACE[:3], "customscript"), None),
    ],
)
def test_which_versions_are_not_to_be_used_depends_on_the_kind_of_machine(
    version: str, place: Place, withdrawn: str | None
) -> None:
    assert age(version, place=place).withdrawn == withdrawn


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["version_withdrawn"], row["version_age.low"], row["version_age.high"], row["age_basis"]


def test_each_row_has_what_its_kind_of_machine_and_its_installed_version_say() -> None:
    arc, vm = (
        the_extension(with_arc(releases=TABLE, extensions=(on(SERVER, installed_version="1.29.5"),))),
        the_extension(Estate(releases=TABLE, extensions=(extension(installed_version="1.29.5"),))),
    )
    assert (arc["version_withdrawn"], vm["version_withdrawn"]) == ("yes", "no")
    old = the_extension(Estate(releases=TABLE, extensions=(extension(installed_version="1.35.9"),)))
    assert told(old) == ("no", NOW - (JULY + AUTOMATIC_AFTER), NOW - JUNE, "release_table")


def test_a_models_extension_has_no_age() -> None:
    frames = with_uniform(releases=TABLE, extensions=(on(INSTANCE, installed_version="1.35.9"), in_model())).frames()

    assert told(only(frames["extensions"], 0))[0] == "no"
    assert told(only(frames["extensions"], 1)) == (None,) * 4


@pytest.mark.parametrize(
    "changes",
    [
        {"extensions": (extension(installed_version=None),)},
        {"extensions": (extension(installed_version="1.35.9", publisher=None),)},
        {"extensions": (extension(installed_version="1.35.9", type=None),)},
        {"machines": (machine(kind=None),), "extensions": (extension(installed_version="1.35.9"),)},
    ],
    ids=["no version", "no publisher", "no type", "no kind"],
)
def test_what_is_not_known_of_the_row_leaves_its_age_unknown(changes: dict[str, Any]) -> None:
    assert told(the_extension(Estate(releases=TABLE, **changes))) == (None,) * 4


def test_without_its_region_a_version_keeps_what_the_table_tells() -> None:
    memory = Memory({(*PLACE, "1.38.1"): ago(days=100)})
    there, nowhere = (
        the_extension(
            Estate(
                releases=TABLE,
                memory=memory,
                machines=(machine(location=location),),
                extensions=(extension(installed_version="1.38.1"),),
            )
        )
        for location in ("Japan East", None)
    )

    assert told(there) == ("no", timedelta(days=70), NOW - OCTOBER, "first_seen")
    assert told(nowhere) == ("no", None, NOW - OCTOBER, "release_table")
