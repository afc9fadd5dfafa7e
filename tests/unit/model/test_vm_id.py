"""Two spellings of a virtual machine's unique id, and what is none."""

from __future__ import annotations

import pytest

from auditor.model.vm_id import same_vm

OWN = "0a1b2c3d-4e5f-4002-8003-0a1b2c3d4e5f"


@pytest.mark.parametrize("told", [OWN, OWN.upper(), "3d2c1b0a-5f4e-0240-8003-0a1b2c3d4e5f"])
def test_letter_case_and_order_of_bytes_make_no_other_machine(told: str) -> None:
    assert same_vm(OWN, told) and same_vm(told, OWN)


@pytest.mark.parametrize("told", [None, "", "unknown", "0a1b2c3d-4e5f-4002-8003-0a1b2c3d4e50", OWN[:-1]])
def test_what_is_not_the_id_names_nobody(told: str | None) -> None:
    assert not same_vm(OWN, told) and not same_vm(told, OWN)


def test_zeros_and_nothing_are_nobody_and_so_not_the_same() -> None:
    assert not same_vm(None, None) and not same_vm("00000000-" * 3, None)
    assert not same_vm("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000")
