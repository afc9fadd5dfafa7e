"""Extensions in the models of scale sets, and what the instances have of them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    INSTANCE,
    LINUX,
    MACHINE,
    NOW,
    PUBLISHER,
    SCALE_SET,
    Estate,
    ago,
    extension,
    flexible,
    in_model,
    instance,
    machine,
    on,
    only,
    reading,
    scale_set,
    server,
    the_extension,
    with_arc,
    with_flexible,
    with_uniform,
)


def model_row(estate: Estate) -> dict[str, Any]:
    return only(estate.frames()["extensions"], -1)


def test_a_scale_sets_columns_stand_beside_the_extensions_of_its_model() -> None:
    sets = (scale_set(tags='{"env":"prod"}', location="westeurope", os="windows"),)

    found = model_row(with_uniform(scale_sets=sets))

    told = ("on", "kind", "machine_id", "machine_name", "resource_group", "location", "os", "tags")
    assert [found[name] for name in told] == [
        *("model", "scale_set", SCALE_SET, "pool", "RG-Main", "westeurope", "windows", '{"env":"prod"}')
    ]
    assert (found["subscription_name"], found["managed_by"], found["scale_set_id"]) == ("First", "none", SCALE_SET)
    assert (found["machine_created_at"], found["read_at"]) == (ago(days=400), NOW)


def test_what_only_a_machine_has_is_missing_there() -> None:
    found = model_row(with_uniform(heartbeats=()))

    only_machines = ("availability", "power_state", "monitor_agents", "orphaned_failure", "age")
    assert {name: found[name] for name in only_machines} == dict.fromkeys(only_machines)
    derived = (
        "last_ran.low",
        "last_ran.high",
        "days_stopped.low",
        "days_stopped.high",
        "last_ran_source",
        "heard",
        "silent_for.low",
        "silent_for.high",
        "running_for.low",
        "running_for.high",
        "data_collection_rules",
    )
    assert {name: found[name] for name in derived} == dict.fromkeys(derived)


def test_a_model_row_is_no_machine_and_counts_no_agents() -> None:
    frames = with_uniform().frames()

    assert len(frames["machines"]) == 1
    assert frames["machines"]["monitor_agents"].tolist() == [1]


def test_a_model_is_matched_in_any_letter_case() -> None:
    shouted = with_uniform(extensions=(on(INSTANCE), in_model(machine_id=SCALE_SET.upper())))

    assert model_row(shouted)["machine_name"] == "pool"
    assert the_extension(shouted)["model_auto_upgrade"] == "enabled"


def test_a_scale_set_that_is_listed_twice_is_one() -> None:
    twice = with_uniform(scale_sets=(scale_set(), scale_set(id=SCALE_SET.upper()))).frames()

    assert twice["scale_sets"]["id"].tolist() == [SCALE_SET]
    assert len(twice["extensions"]) == 2


# --- the setting in the model ---


def setting(*models: Row, estate: Any = with_uniform, own: Row | None = None, **changes: Any) -> str | None:
    agent = own or (on(INSTANCE) if estate is with_uniform else extension())
    found: str | None = the_extension(estate(extensions=(agent, *models), **changes))["model_auto_upgrade"]
    return found


@pytest.mark.parametrize("estate", [with_uniform, with_flexible])
@pytest.mark.parametrize("flag", ["enabled", "disabled", "unset"])
def test_an_instance_sees_the_setting_in_its_model(estate: Any, flag: str) -> None:
    assert setting(in_model(auto_upgrade=flag), estate=estate) == flag


def test_the_models_extension_is_known_by_publisher_and_type_and_not_by_its_name() -> None:
    renamed = in_model(
        name=f"{PUBLISHER}.{LINUX}", publisher=PUBLISHER.upper(), type=LINUX.lower(), auto_upgrade="unset"
    )
    other = in_model(id="2", publisher="Contoso", name="AMA", auto_upgrade="disabled")

    assert setting(renamed, other) == "unset"


def test_a_model_without_the_extension_has_no_setting_of_it() -> None:
    assert setting() == "none"
    assert setting(in_model(publisher="Contoso")) == "none"


def test_where_two_of_them_agree_they_are_one() -> None:
    assert setting(in_model(name="one"), in_model(id="2", name="two")) == "enabled"


def test_where_two_of_them_differ_the_one_of_the_same_name_counts() -> None:
    off = in_model(id="2", name="other", auto_upgrade="disabled")

    assert setting(in_model(), off) == "enabled"
    assert setting(in_model(), off, own=on(INSTANCE, name="OTHER")) == "disabled"
    assert setting(in_model(), off, own=on(INSTANCE, name="third")) is None


def test_a_setting_that_the_model_does_not_tell_is_not_known() -> None:
    assert setting(in_model(auto_upgrade=None)) is None


@pytest.mark.parametrize("gone", ["publisher", "type"])
def test_what_nobody_knows_what_it_is_may_be_the_extension(gone: str) -> None:
    unclear = in_model(id="2", name="mystery", **{gone: None})

    assert setting(unclear) is None
    assert setting(in_model(auto_upgrade="disabled"), unclear) == "disabled", "it bears the same name"
    assert setting(in_model(), unclear, own=on(INSTANCE, name="third")) is None
    assert setting(in_model(), own=on(INSTANCE, **{gone: None})) is None


def test_a_machine_of_no_scale_set_follows_no_model() -> None:
    assert the_extension(Estate())["model_auto_upgrade"] == "none"
    assert the_extension(Estate().without(Source.SCALE_SETS))["model_auto_upgrade"] == "none"
    assert the_extension(with_arc(machines=(server(),)))["model_auto_upgrade"] == "none"


def test_of_a_machine_whose_scale_set_is_not_known_nothing_is() -> None:
    assert the_extension(Estate(machines=(machine(scale_set_id=None),)))["model_auto_upgrade"] is None


@pytest.mark.parametrize("estate", [with_uniform, with_flexible])
def test_without_a_complete_list_of_scale_sets_the_model_is_not_known(estate: Any) -> None:
    unread = estate().without(Source.SCALE_SETS)

    assert the_extension(unread)["model_auto_upgrade"] is None
    itself = reading(Source.SCALE_SETS, SCALE_SET)
    assert the_extension(unread, itself)["model_auto_upgrade"] == "enabled"


def test_a_scale_set_that_no_answer_told_of_has_no_known_model() -> None:
    """Resource Graph may show an instance before its scale set."""
    assert setting(scale_sets=()) is None


def test_the_model_itself_has_its_own_setting() -> None:
    assert model_row(with_uniform(extensions=(in_model(auto_upgrade="unset"),)))["model_auto_upgrade"] == "unset"


def test_the_models_of_other_scale_sets_are_not_ours() -> None:
    other = f"{SCALE_SET}-2"
    sets = (scale_set(), scale_set(id=other, name="pool-2"))
    elsewhere = in_model(id=f"{other}/extensions/AMA", machine_id=other, auto_upgrade="disabled")

    assert setting(in_model(), elsewhere, scale_sets=sets) == "enabled"
    moved = with_uniform(
        machines=(instance(scale_set_id=other),), extensions=(on(INSTANCE), elsewhere), scale_sets=sets
    )
    assert the_extension(moved)["model_auto_upgrade"] == "disabled"
    assert the_extension(with_flexible(machines=(flexible(scale_set_id=MACHINE),)))["model_auto_upgrade"] is None
