"""How far an installed version is behind what its region offers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.frames.offers import Lag, Offers, product_of
from auditor.frames.releases import ReleaseTable
from auditor.model.memory import Memory
from auditor.model.reading import Source
from auditor.model.rule import ReleaseRow
from auditor.model.version import Version
from tests.unit.frames.parts import (
    LINUX,
    NOW,
    OFFER_SCOPE,
    PUBLISHER,
    SERVER,
    Estate,
    ago,
    extension,
    machine,
    on,
    only,
    reading,
    the_extension,
    versions,
    with_arc,
    with_flexible,
    with_uniform,
)

PLACE = ("vm", "japaneast", PUBLISHER.lower(), LINUX.lower())
AGENT = product_of(PLACE)
VM, ARC = timedelta(days=60), timedelta(days=56)


def row(*names: str, month: date | None = None, withdrawn: bool = False) -> ReleaseRow:
    return ReleaseRow(PUBLISHER, LINUX, month, names, withdrawn)


def lag(
    installed: str,
    *offered: str,
    table: tuple[ReleaseRow, ...] = (),
    seen: dict[str, datetime] | None = None,
    rollout: timedelta = VM,
) -> Lag | None:
    memory = Memory({(*PLACE, version): at for version, at in (seen or {}).items()})
    found = tuple(sorted(map(Version.parse, offered)))
    return Offers({PLACE: found}, ReleaseTable.of(table), memory, NOW).lag(PLACE, installed, rollout)


def test_a_release_is_a_major_and_a_minor_and_its_hotfixes_are_one() -> None:
    found = lag("1.25.0", "1.26.2", "1.26.3", "1.26.4", "1.26.5", "1.27.1")

    assert found is not None
    assert (found.behind, found.latest) == (2, "1.27.1")


def test_an_older_hotfix_of_the_latest_release_is_not_behind() -> None:
    found = lag("1.26.2", "1.26.2", "1.26.5")

    assert found is not None
    assert (found.behind, found.latest, found.basis) == (0, "1.26.5", "none")


def test_versions_are_ordered_by_number_and_not_as_text() -> None:
    found = lag("1.9.0", "1.9.0", "1.10.0.0", "1.4.905.3", "1.4.3320.3")

    assert found is not None
    assert (found.behind, found.latest) == (1, "1.10.0.0")


def test_missing_parts_of_a_version_are_zero() -> None:
    found = lag("1.35", "1.35.0.0")

    assert found is not None
    assert found.behind == 0


def test_a_newer_major_does_not_make_an_agent_late() -> None:
    found = lag("1.38.1", "1.38.1", "2.0.1", "2.3")

    assert found == Lag(newer_major="2.3", latest="1.38.1", behind=0, overdue=0, basis="none")


def test_where_only_a_newer_major_is_on_offer_that_is_told_and_nothing_else() -> None:
    assert lag("1.38.1", "2.0.1") == Lag(newer_major="2.0.1")


def test_where_only_an_older_major_is_on_offer_there_is_no_latest() -> None:
    assert lag("2.0", "1.38.1") == Lag(newer_major="none")


def test_an_empty_list_proves_nothing() -> None:
    assert lag("1.38.1") is None


def test_a_region_may_no_longer_list_what_a_machine_runs() -> None:
    found = lag("1.20.0", "1.37.0", "1.38.1")

    assert found is not None
    assert found.behind == 2


def test_what_is_newer_than_all_on_offer_is_not_behind() -> None:
    found = lag("1.40.0", "1.38.1")

    assert found is not None
    assert (found.behind, found.latest) == (0, "1.38.1")


def test_what_is_no_version_has_no_lag() -> None:
    assert lag("newest", "1.38.1") is None


# --- withdrawn versions ---


def test_a_withdrawn_version_is_neither_the_latest_nor_a_release_that_one_is_behind() -> None:
    found = lag("1.24.2", "1.24.2", "1.25.2", table=(row("1.25.2", withdrawn=True),))

    assert found is not None
    assert (found.behind, found.latest) == (0, "1.24.2")


def test_a_release_of_which_one_hotfix_is_withdrawn_still_counts() -> None:
    found = lag("1.24.2", "1.25.1", "1.25.2", table=(row("1.25.2", withdrawn=True),))

    assert found is not None
    assert (found.behind, found.latest) == (1, "1.25.1")


def test_a_wildcard_withdraws_all_hotfixes_of_a_release() -> None:
    found = lag("1.24.2", "1.24.2", "1.25.1", "1.25.2", table=(row("1.25.x", withdrawn=True),))

    assert found is not None
    assert (found.behind, found.latest) == (0, "1.24.2")


def test_where_all_of_the_major_is_withdrawn_there_is_no_latest() -> None:
    assert lag("1.24.2", "1.25.2", table=(row("1.25.2", withdrawn=True),)) is None


def test_what_is_withdrawn_for_one_agent_is_not_for_another() -> None:
    windows = ReleaseRow(PUBLISHER, "AzureMonitorWindowsAgent", None, ("1.25.0",), withdrawn=True)

    found = lag("1.24.0", "1.25.0", table=(windows,))

    assert found is not None
    assert found.behind == 1


# --- overdue: since when a release is on offer ---


def test_first_seen_in_the_region_counts_before_the_release_table() -> None:
    young = lag("1.30", "1.31.0", seen={"1.31.0": ago(days=60)}, table=(row("1.31.0", month=date(2020, 1, 1)),))
    old = lag("1.30", "1.31.0", seen={"1.31.0": ago(days=60, seconds=1)})

    assert young is not None and old is not None
    assert (young.overdue, young.basis) == (0, "first_seen")
    assert (old.overdue, old.basis) == (1, "first_seen")


def test_a_release_is_on_offer_since_its_first_hotfix_came() -> None:
    found = lag("1.30", "1.31.0", "1.31.4", seen={"1.31.0": ago(days=90), "1.31.4": ago(days=2)})

    assert found is not None
    assert (found.overdue, found.basis) == (1, "first_seen")


def test_a_hotfix_that_was_seen_to_come_does_not_make_its_release_young() -> None:
    """1.31.0 was there on the first night of all, so nobody saw it come: the release table knows more."""
    found = lag(
        "1.30", "1.31.0", "1.31.4", seen={"1.31.4": ago(days=2)}, table=(row("1.31.0", month=date(2026, 1, 1)),)
    )

    assert found is not None
    assert (found.overdue, found.basis) == (1, "release_table")


def test_a_withdrawn_hotfix_that_came_first_is_not_on_offer() -> None:
    seen = {"1.31.0": ago(days=90), "1.31.1": ago(days=5)}

    found = lag("1.30", "1.31.0", "1.31.1", seen=seen, table=(row("1.31.0", withdrawn=True),))

    assert found is not None
    assert (found.overdue, found.basis) == (0, "first_seen")


@pytest.mark.parametrize(("month", "overdue"), [(date(2026, 9, 1), 1), (date(2026, 10, 1), 0), (date(2026, 8, 1), 1)])
def test_the_release_tables_month_counts_from_its_first_day_and_a_fortnight(month: date, overdue: int) -> None:
    """2026-09-01 and 14 days is 2026-09-15, which is 68 days before the audit; 2026-10-15 is 38 days before it."""
    found = lag("1.30", "1.31.0", table=(row("1.31.0", month=month),))

    assert found is not None
    assert (found.overdue, found.basis) == (overdue, "release_table")


def test_the_rollout_must_be_over_and_not_just_ending() -> None:
    exact = NOW - (datetime(2026, 9, 15, tzinfo=NOW.tzinfo))
    table = (row("1.31.0", month=date(2026, 9, 1)),)

    ending, over = (lag("1.30", "1.31.0", table=table, rollout=each) for each in (exact, exact - timedelta(seconds=1)))

    assert ending is not None and over is not None
    assert (ending.overdue, over.overdue) == (0, 1)


def test_a_wildcard_gives_any_hotfix_of_the_release_its_month() -> None:
    found = lag("1.36.1", "1.37.4", table=(row("1.37.x", month=date(2025, 9, 1)),))

    assert found is not None
    assert (found.overdue, found.basis) == (1, "release_table")


def test_the_month_of_a_release_is_that_of_its_first_hotfix() -> None:
    table = (row("1.31.4", month=date(2026, 11, 1)), row("1.31.0", month=date(2026, 1, 1)))

    found = lag("1.30", "1.31.4", table=table)

    assert found is not None
    assert found.overdue == 1


@pytest.mark.parametrize(
    ("rollout", "newer_needed"),
    [(timedelta(days=60), 2), (timedelta(days=56), 1), (timedelta(days=90), 3), (timedelta(days=30), 1)],
)
def test_by_position_a_release_is_overdue_when_as_many_newer_ones_are_there_as_months_fit(
    rollout: timedelta, newer_needed: int
) -> None:
    """Five unknown releases: the newest has none that is newer, the oldest four."""
    found = lag("1.30", "1.31", "1.32", "1.33", "1.34", "1.35", rollout=rollout)

    assert found is not None
    assert (found.behind, found.overdue, found.basis) == (5, 5 - newer_needed, "estimated")


def test_withdrawn_releases_and_other_majors_do_not_count_as_newer_ones() -> None:
    found = lag("1.30", "1.31", "1.32", "1.33", "2.0", "2.1", table=(row("1.32", "1.33", withdrawn=True),))

    assert found is not None
    assert (found.behind, found.overdue) == (1, 0)


def test_the_weakest_knowledge_is_what_the_count_rests_on() -> None:
    table = (row("1.31.0", month=date(2026, 1, 1)),)
    seen = {"1.32.0": ago(days=1)}

    both = lag("1.30", "1.31.0", "1.32.0", table=table, seen=seen)
    all_three = lag("1.30", "1.31.0", "1.32.0", "1.33.0", table=table, seen=seen)

    assert both is not None and all_three is not None
    assert (both.overdue, both.basis) == (1, "release_table")
    assert (all_three.overdue, all_three.basis) == (1, "estimated")


# --- any list of versions, against a naive reference ---

NAMES = st.tuples(st.integers(1, 2), st.integers(0, 6), st.integers(0, 2)).map(lambda parts: ".".join(map(str, parts)))


def naive(installed: str, offered: list[str], withdrawn: list[str]) -> tuple[str, str | None, int | None] | None:
    """Newer major, latest, releases behind: read off the definition, with plain tuples of numbers."""
    numbers = [tuple(map(int, name.split("."))) for name in offered if name not in withdrawn]
    mine = tuple(map(int, installed.split(".")))
    if not numbers:
        return None
    majors = [each for each in numbers if each[0] > mine[0]]
    newer_major = ".".join(map(str, max(majors))) if majors else "none"
    siblings = [each for each in numbers if each[0] == mine[0]]
    if not siblings:
        return newer_major, None, None
    behind = {each[:2] for each in siblings if each[1] > mine[1]}
    return newer_major, ".".join(map(str, max(siblings))), len(behind)


@given(
    installed=NAMES,
    offered=st.lists(NAMES, max_size=12, unique=True),
    withdrawn=st.lists(NAMES, max_size=4, unique=True),
)
def test_any_list_of_versions_is_counted_as_the_definition_says(
    installed: str, offered: list[str], withdrawn: list[str]
) -> None:
    found = lag(installed, *offered, table=(row(*withdrawn, withdrawn=True),))

    told = None if found is None else (found.newer_major, found.latest, found.behind)
    assert told == naive(installed, offered, withdrawn)
    if found is not None and found.behind is not None:
        assert found.overdue is not None and 0 <= found.overdue <= found.behind
        assert (found.basis == "none") == (found.behind == 0)


# --- the columns ---


def columns(**changes: Any) -> dict[str, Any]:
    return the_extension(Estate(**changes))


def test_regions_are_compared_without_blanks_and_case() -> None:
    found = columns(
        machines=(machine(location="Japan East"),), versions=versions("1.36.1", "1.37.0", location="JapanEast")
    )

    assert (found["releases_behind"], found["latest_version"]) == (1, "1.37.0")


def test_publisher_and_type_are_compared_in_any_letter_case() -> None:
    found = columns(extensions=(extension(publisher=PUBLISHER.upper(), type=LINUX.lower()),))

    assert found["releases_behind"] == 0


def test_another_regions_versions_count_for_nothing() -> None:
    offered = [*versions("1.36.1"), *versions("1.39.0", location="westeurope")]

    assert columns(versions=offered)["latest_version"] == "1.36.1"


@pytest.mark.parametrize("gone", ["location"])
def test_without_a_region_there_is_no_latest(gone: str) -> None:
    assert columns(machines=(machine(**{gone: None}),))["latest_version"] is None


@pytest.mark.parametrize("gone", ["publisher", "type", "installed_version"])
def test_without_what_is_compared_there_is_no_latest(gone: str) -> None:
    found = columns(extensions=(extension(**{gone: None}),))

    names = ("latest_version", "newer_major", "releases_behind", "releases_overdue", "overdue_basis")
    assert {name: found[name] for name in names} == dict.fromkeys(names)


def test_an_installed_version_that_is_none_has_no_lag() -> None:
    assert columns(extensions=(extension(installed_version="newest"),))["releases_behind"] is None


def test_a_region_that_was_read_and_offers_nothing_proves_nothing() -> None:
    found = columns(versions=())

    assert (found["latest_version"], found["releases_behind"], found["newer_major"]) == (None, None, None)


def test_names_on_offer_that_are_no_versions_are_passed_over_and_neither_withdrawn_nor_not() -> None:
    frames = Estate(versions=versions("1.36.1", "latest")).frames()

    assert frames["extensions"]["latest_version"].tolist() == ["1.36.1"]
    assert frames["versions"]["withdrawn"].isna().tolist() == [False, True]


def test_arc_servers_have_a_rollout_of_their_own() -> None:
    offered = ("1.31", "1.32")

    assert (
        columns(extensions=(extension(installed_version="1.30"),), versions=versions(*offered))["releases_overdue"] == 0
    )
    arc = with_arc(extensions=(on(SERVER, installed_version="1.30"),), versions=versions(*offered, machine_kind="arc"))
    assert the_extension(arc)["releases_overdue"] == 1


def test_arc_has_a_list_of_versions_of_its_own() -> None:
    """The same region, publisher and type may offer another version to virtual machines."""
    offered = [*versions("1.39.0"), *versions("1.36.1", machine_kind="arc")]

    assert the_extension(with_arc(versions=offered))["latest_version"] == "1.36.1"
    assert columns(versions=offered)["latest_version"] == "1.39.0"


def test_the_list_for_virtual_machines_is_no_answer_for_arc() -> None:
    vm_list = reading(Source.EXTENSION_VERSIONS, OFFER_SCOPE)

    unread = with_arc().without(Source.ARC_EXTENSION_VERSIONS)

    assert the_extension(unread, vm_list)["latest_version"] is None


def test_instances_of_scale_sets_are_compared_with_what_virtual_machines_are_offered() -> None:
    for estate in (with_uniform(versions=versions("1.37.0")), with_flexible(versions=versions("1.37.0"))):
        on_machine, in_model = (only(estate.frames()["extensions"], row) for row in (0, 1))
        assert on_machine["releases_behind"] == 1
        assert in_model["releases_behind"] is None


def test_what_the_table_and_earlier_nights_know_stands_beside_each_version() -> None:
    memory = Memory({(*PLACE, "1.36.1"): ago(days=3)})
    table = (row("1.36.1", month=date(2025, 8, 1)), row("1.35.9", month=None, withdrawn=True))

    frames = Estate(memory=memory, releases=table, versions=versions("1.35.9", "1.36.1", "1.36.9", "1.37.0")).frames()

    known = frames["versions"].set_index("version")
    assert known["withdrawn"].to_dict() == {"1.35.9": "yes", "1.36.1": "no", "1.36.9": "no", "1.37.0": "no"}
    assert known["first_seen"].dropna().to_dict() == {"1.36.1": ago(days=3)}
    assert known["published.low"].dropna().map(datetime.date).to_dict() == {
        "1.36.1": date(2025, 8, 1),
        "1.36.9": date(2025, 8, 1),  # a hotfix that the table does not name: not before its release
        "1.37.0": date(2025, 9, 1),  # newer than the table's end
    }
    assert known["published.high"].dropna().map(datetime.date).to_dict() == {"1.36.1": date(2025, 9, 1)}


def test_a_later_hotfix_has_the_month_that_the_table_gives_to_it() -> None:
    table = ReleaseTable.of([row("1.35.1", month=date(2025, 5, 1)), row("1.35.9", month=date(2025, 6, 1))])

    assert [found and found.month for found in table.published(AGENT, Version.parse("1.35.9"))] == [6, 7]
    assert table.published(AGENT, Version.parse("0.9")) == (None, None)


def test_without_a_table_nothing_is_known_of_publication() -> None:
    assert ReleaseTable.of([]).published(AGENT, Version.parse("1.35.9")) == (None, None)
