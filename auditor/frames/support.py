"""Which extensions the platform can upgrade automatically: those that Microsoft lists, and those where it is on.

https://learn.microsoft.com/azure/virtual-machines/automatic-extension-upgrade#supported-extensions
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from auditor.frames.cells import cells, lower
from auditor.frames.coverage import Subjects
from auditor.model.scopes import Subject
from auditor.model.wanted import Product

_KINDS = {each: "arc" if each is Subject.ARC else "vm" for each in Subject}


def with_support(view: pd.DataFrame, upgradable: Collection[Product], subjects: Subjects) -> pd.DataFrame:
    """The extensions with ``supports_auto_upgrade``: an extension that has it on supports it, whatever the table says.

    No only where the setting is known and the table does not list the extension: the table grows.
    """
    told = pd.DataFrame(
        {"kind": subjects.about.map(_KINDS), "publisher": lower(view["publisher"]), "type": lower(view["type"])}
    )
    known = told.notna().all(axis="columns")
    found = [each in upgradable for each in zip(*cells(told, ("kind", "publisher", "type")), strict=True)]
    listed = pd.Series(found, index=view.index, dtype=bool)
    supported = view["auto_upgrade"].eq("enabled") | (known & listed)
    ruled_out = view["auto_upgrade"].isin(["disabled", "unset"]) & known & ~listed
    word = pd.Series("yes", index=view.index, dtype="str").where(supported).mask(ruled_out, "no")
    return view.assign(supports_auto_upgrade=word)
