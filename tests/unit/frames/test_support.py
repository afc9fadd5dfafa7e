"""Which extensions can be upgraded automatically: the table says so, or it is on already."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from auditor.frames.coverage import Subjects
from auditor.frames.support import with_support
from auditor.model.rule import Upgradable
from auditor.model.wanted import products
from tests.unit.frames.parts import SERVER, Estate, extension, in_model, on, only, with_arc, with_uniform

TABLE = products([Upgradable("Contoso", "Vault"), Upgradable("Contoso", "Scanner", ("arc",))])


def supported(estate: Estate, row: int = 0) -> Any:
    view = estate.frames()["extensions"]
    return only(with_support(view, TABLE, Subjects(view)), row)["supports_auto_upgrade"]


def of(kind: str | None, setting: str | None, **more: Any) -> Estate:
    return Estate(extensions=(extension(publisher="CONTOSO", type=kind, auto_upgrade=setting, **more),))


@pytest.mark.parametrize(
    ("kind", "setting", "word"),
    [
        ("vault", "disabled", "yes"),
        ("Vault", "unset", "yes"),
        ("Vault", None, "yes"),
        ("Scanner", "unset", "no"),
        ("Script", "disabled", "no"),
        # On is on, whatever the table says: the table grows.
        ("Script", "enabled", "yes"),
        (None, "enabled", "yes"),
        # Not listed, and whether it is on nobody knows; and what is not known cannot be looked up.
        ("Script", None, None),
        (None, "disabled", None),
    ],
)
def test_of_a_virtual_machines_extension(kind: str | None, setting: str | None, word: str | None) -> None:
    assert supported(of(kind, setting)) == word


@pytest.mark.parametrize(
    ("kind", "setting", "word"), [("Scanner", None, "yes"), ("Script", None, None), ("Vault", "disabled", "yes")]
)
def test_of_an_arc_enabled_servers_extension(kind: str, setting: str | None, word: str | None) -> None:
    assert supported(with_arc(extensions=(on(SERVER, publisher="Contoso", type=kind, auto_upgrade=setting),))) == word


def test_a_scale_sets_model_is_looked_up_as_a_virtual_machine() -> None:
    models = (in_model(publisher="Contoso", type="Vault", auto_upgrade="unset"),)
    assert supported(with_uniform(extensions=models)) == "yes"
    assert (
        supported(with_uniform(extensions=(in_model(publisher="Contoso", type="Scanner", auto_upgrade="unset"),)))
        == "no"
    )


def test_an_estate_without_extensions() -> None:
    view = Estate(extensions=()).frames()["extensions"]

    assert isinstance(with_support(view, TABLE, Subjects(view))["supports_auto_upgrade"], pd.Series)
