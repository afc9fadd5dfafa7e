"""What the form of a resource id tells, and the names in it."""

from __future__ import annotations

import pytest

from auditor.model.resource_id import Names, holder_in, names_in, subject_in
from auditor.model.scopes import Subject

SUBSCRIPTION = "11111111-1111-4111-a111-111111111111"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-1"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/Web-1"
SET = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/pool"
INSTANCE = f"{SET}/virtualMachines/0"
ARC = f"{GROUP}/providers/Microsoft.HybridCompute/machines/srv-1"
SUBJECTS = {VM: Subject.VM, INSTANCE: Subject.UNIFORM, SET: Subject.SCALE_SET, ARC: Subject.ARC}


@pytest.mark.parametrize(("identifier", "subject"), SUBJECTS.items(), ids=SUBJECTS.values())
def test_an_id_is_of_one_kind_in_any_letter_case(identifier: str, subject: Subject) -> None:
    for spelled in (identifier, identifier.lower(), identifier.upper()):
        assert subject_in(spelled) is subject
        assert [each for each in Subject if names_in(spelled, each)] == [subject]


@pytest.mark.parametrize("identifier", ["", GROUP, f"{VM}/extensions/AMA", f"{VM}/", VM.replace("Compute", "Storage")])
def test_what_has_another_form_is_of_neither(identifier: str) -> None:
    assert subject_in(identifier) is None


def test_names_are_spelled_as_in_the_id() -> None:
    assert names_in(VM, Subject.VM) == Names(SUBSCRIPTION, "rg-1", "Web-1")
    assert names_in(INSTANCE, Subject.UNIFORM) == Names(SUBSCRIPTION, "rg-1", "pool", "0")


@pytest.mark.parametrize("holder", SUBJECTS, ids=SUBJECTS.values())
def test_an_extensions_id_names_its_holder(holder: str) -> None:
    assert holder_in(f"{holder}/extensions/AMA") == holder
    assert holder_in(f"{holder}/Extensions/AMA".upper()) == holder.upper()


@pytest.mark.parametrize("identifier", SUBJECTS, ids=SUBJECTS.values())
def test_a_group_that_is_called_extensions_makes_nothing_one(identifier: str) -> None:
    within = identifier.replace("rg-1", "extensions")

    assert holder_in(within) is None
    assert holder_in(f"{within}/extensions/AMA") == within
