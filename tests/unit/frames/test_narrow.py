"""Some machines of a shard, read again by themselves and put back among the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd
import pytest

from auditor.frames import Context, Frames, declared, derive, renewed, rows_again, verdicts_on
from auditor.model.memory import EMPTY
from auditor.model.reading import Reading, Row, Source
from tests.unit.frames.parts import (
    INSTANCE,
    MACHINE,
    NOW,
    SCALE_SET,
    SERVER,
    Estate,
    ago,
    association,
    extension,
    in_bulk,
    in_model,
    instance,
    machine,
    on,
    operation,
    reading,
    scale_set,
    stay,
    with_arc,
    with_flexible,
    with_uniform,
)

CONTEXT = Context((), EMPTY, Estate().rollout, NOW)


def again(before: Frames, ids: Iterable[str], *readings: Reading, **rows: list[Row]) -> Frames:
    """The frames after ``rows`` and ``readings`` of ``ids`` were read anew."""
    keys = [each.lower() for each in ids]
    return derive(renewed(declared(before), keys, rows, readings), CONTEXT)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of their ids: whatever is read again comes last."""
    return frame.sort_values("id").reset_index(drop=True)


def as_listed(estate: Estate) -> dict[str, list[Row]]:
    return {name: list(getattr(estate, name)) for name in ("machines", "scale_sets", "extensions")}


@pytest.mark.parametrize(
    ("build", "identifier"),
    [(Estate, MACHINE), (in_bulk, MACHINE), (with_uniform, INSTANCE), (with_flexible, MACHINE), (with_arc, SERVER)],
)
def test_what_is_read_again_unchanged_changes_nothing(build: Callable[..., Estate], identifier: str) -> None:
    """Operations, heartbeats and the subscription's readings are not read again, and count all the same."""
    estate = build(
        operations=(
            operation(ago(days=5), "failed", machine_id=identifier, extension_id=f"{identifier}/extensions/AMA"),
            operation(ago(days=4), "failed", machine_id=SCALE_SET, extension_id=f"{SCALE_SET}/extensions/AMA"),
        ),
        heartbeats=(stay("1.35.9", ago(days=9), machine_id=identifier),),
    )
    before = estate.frames()

    after = again(before, [identifier, SCALE_SET], **as_listed(estate))

    for name in ("machines", "scale_sets", "extensions"):
        pd.testing.assert_frame_equal(plain(after[name]), plain(before[name]))


def test_what_changed_is_put_among_what_was_not_read_again() -> None:
    second = MACHINE.replace("web-1", "web-2")
    pair = Estate(machines=(machine(), machine(id=second)), extensions=(extension(), on(second)))
    before = pair.frames(reading(Source.INSTANCE_VIEW, second))

    after = again(
        before,
        [second.upper()],
        reading(Source.INSTANCE_VIEW, second),
        machines=[machine(id=second, availability="stopped", power_state="stopped")],
        extensions=[on(second, auto_upgrade="disabled")],
    )

    assert plain(after["machines"])["availability"].tolist() == ["running", "stopped"]
    assert plain(after["extensions"])["auto_upgrade"].tolist() == ["enabled", "disabled"]
    assert plain(after["extensions"])["availability"].tolist() == ["running", "stopped"]
    assert after["machines"]["monitor_agents"].tolist() == [1, 1]


def test_a_machine_that_is_gone_leaves_with_its_extensions() -> None:
    after = again(Estate().frames(), [MACHINE], reading(Source.INSTANCE_VIEW, MACHINE))

    assert (len(after["machines"]), len(after["extensions"])) == (0, 0)


def test_the_new_reading_counts_and_not_the_old_one() -> None:
    refused = reading(Source.INSTANCE_VIEW, MACHINE, complete=False)

    after = again(Estate().frames(), [MACHINE], refused, machines=[machine()], extensions=[extension()])

    assert after["machines"]["monitor_agents"].isna().all()
    told = after["readings"][after["readings"]["source"].eq("instance_view")]
    assert told["complete"].tolist() == ["no"]


def test_an_instance_is_held_against_the_model_that_was_not_read_again() -> None:
    after = again(with_uniform().frames(), [INSTANCE], machines=[instance()], extensions=[on(INSTANCE)])

    assert after["extensions"].set_index("on")["model_auto_upgrade"].to_dict() == {
        "machine": "enabled",
        "model": "enabled",
    }


def test_an_instance_is_held_against_the_model_as_it_is_now() -> None:
    after = again(
        with_uniform().frames(),
        [INSTANCE, SCALE_SET],
        reading(Source.SCALE_SETS, SCALE_SET),
        machines=[instance()],
        scale_sets=[scale_set()],
        extensions=[on(INSTANCE), in_model(auto_upgrade="disabled")],
    )

    assert after["extensions"]["model_auto_upgrade"].tolist() == ["disabled", "disabled"]


def test_a_model_that_has_lost_its_extension_shows_none() -> None:
    model = reading(Source.SCALE_SETS, SCALE_SET)
    rows: dict[str, list[Row]] = {"machines": [instance()], "extensions": [on(INSTANCE)], "scale_sets": [scale_set()]}

    lost = again(with_uniform().frames(), [INSTANCE, SCALE_SET], model, **rows)
    refused = reading(Source.SCALE_SETS, SCALE_SET, complete=False)
    unread = again(with_uniform().frames(), [INSTANCE, SCALE_SET], refused, **rows)

    assert lost["extensions"]["model_auto_upgrade"].tolist() == ["none"]
    assert sorted(unread["extensions"]["on"]) == ["machine", "model"], "what did not answer is as it was"


def test_a_scale_set_that_is_gone_leaves_with_its_model() -> None:
    after = again(with_uniform().frames(), [SCALE_SET], reading(Source.SCALE_SETS, SCALE_SET))

    assert after["scale_sets"].empty
    assert after["extensions"]["on"].tolist() == ["machine"]


def test_what_was_done_to_the_whole_scale_set_counts_for_its_instance() -> None:
    stopped = instance(availability="stopped", power_state="deallocated")
    whole = operation(ago(days=2), action="deallocate", machine_id=SCALE_SET)
    before = with_uniform(machines=(stopped,), operations=(whole,)).frames()

    after = again(before, [INSTANCE], machines=[stopped], extensions=[on(INSTANCE)])

    assert after["machines"]["last_ran.high"].tolist() == [ago(days=2)]


def test_what_is_asked_again_are_the_rows_as_they_were_listed() -> None:
    machines, scale_sets = rows_again(with_uniform().frames(), [INSTANCE.lower(), SCALE_SET.lower()])

    [told], [of_set] = machines, scale_sets
    assert (told["id"], told["kind"], told["created_at"], told["follows_model"]) == (
        *(INSTANCE, "scale_set_instance", ago(days=400)),
        "yes",
    )
    assert "monitor_agents" not in told
    assert (of_set["id"], of_set["capacity"]) == (SCALE_SET, 1)


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [(MACHINE, "vm"), (INSTANCE, "scale_set_instance"), (SERVER, "arc"), ("/subscriptions/s/somewhere/else", None)],
)
def test_a_machine_that_only_the_log_told_of_is_known_by_its_id(identifier: str, kind: str | None) -> None:
    machines, scale_sets = rows_again(Estate(machines=(), extensions=()).frames(), [identifier.lower()])

    assert [row["kind"] for row in machines] == ([kind] if kind else [])
    assert scale_sets == []


def test_verdicts_are_found_by_machine_in_any_letter_case() -> None:
    verdicts = pd.DataFrame({"machine_id": [MACHINE, SERVER], "rule_id": ["a", "b"]}).astype("str")

    assert verdicts_on(verdicts, [MACHINE.lower()])["rule_id"].tolist() == ["a"]


def test_associations_that_were_read_again_take_the_place_of_those_that_were_known() -> None:
    source = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
    estate = Estate(associations=(association("/rules/old"), association("/rules/other", SERVER)))
    before = estate.frames()

    gone = again(before, [MACHINE], reading(source, MACHINE), **as_listed(estate))
    more = [association("/rules/new"), association("/rules/newer")]
    anew = again(before, [MACHINE], reading(source, MACHINE), **as_listed(estate), associations=more)
    refused = again(before, [MACHINE], reading(source, MACHINE, complete=False), **as_listed(estate))

    told = [each["machines"]["data_collection_rules"].tolist() for each in (before, gone, anew, refused)]
    assert told == [[1], [0], [2], [1]]
    assert [len(each["associations"]) for each in (gone, anew)] == [1, 3], "the others' stay"


def test_a_uniform_scale_set_answers_for_its_instances() -> None:
    source = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
    estate = with_uniform(associations=(association("/rules/old", SCALE_SET),))

    gone = again(estate.frames(), [INSTANCE], reading(source, SCALE_SET), **as_listed(estate))

    assert gone["machines"]["data_collection_rules"].tolist() == [0]
