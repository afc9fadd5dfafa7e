"""Who manages a machine: services make machines whose extensions are not the owner's to change.

AKS, Databricks and managed applications put theirs into a resource group of their own, whose ``managedBy`` names them;
they mostly set tags too, which tell it where resource groups may not be read.
https://learn.microsoft.com/azure/aks/faq https://learn.microsoft.com/azure/azure-resource-manager/managed-applications/overview
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd

from auditor.frames.cells import looked_up, lower, values
from auditor.frames.coverage import Coverage, Subjects
from auditor.model.reading import Source

BY_TYPE = {
    "microsoft.containerservice/managedclusters": "AKS",
    "microsoft.databricks/workspaces": "Databricks",
    "microsoft.solutions/applications": "managed application",
}
"""By the type of what a group's ``managedBy`` names, in lower case; others are told by the type's own name."""
BY_TAG = (
    ("AKS", re.compile(r"aks-managed-.*"), re.compile(r".*")),
    ("Databricks", re.compile(r"vendor"), re.compile(r"databricks")),
)
"""Manager, and the tag's name and value in lower case that tell of it."""


def managed_by(rows: pd.DataFrame, groups: pd.DataFrame, coverage: Coverage) -> pd.Series[Any]:
    """Who manages each machine or scale set; none only where its tags and all its subscription's groups are known."""
    named = [manager_of(each) for each in values(groups["managed_by"])]
    managers = dict(zip(values(_place(groups, "name")), named, strict=True))
    keys = values(_place(rows, "resource_group"))
    tagged = {text: tagged_manager(text) for text in set(rows["tags"].dropna())}
    covered = coverage.over((Source.RESOURCE_GROUPS,), Subjects(rows)) & rows["resource_group"].notna().to_numpy(bool)
    told = [
        managers.get(key) or tagged.get(tags) or ("none" if read and tags is not None and key not in managers else None)
        for key, tags, read in zip(keys, values(rows["tags"]), covered.tolist(), strict=True)
    ]
    return pd.Series(told, index=rows.index, dtype="str")


def _place(rows: pd.DataFrame, group: str) -> pd.Series[Any]:
    return lower(rows["subscription_id"]) + "/" + lower(rows[group])


def inherited(machines: pd.DataFrame, scale_sets: pd.DataFrame) -> pd.Series[Any]:
    """A machine is managed as its scale set is, where it does not say so itself."""
    of_sets = scale_sets["managed_by"].set_axis(pd.Index(lower(scale_sets["id"])))
    theirs = looked_up(of_sets, lower(machines["scale_set_id"]))
    own = machines["managed_by"]
    return own.mask((own.isna() | own.eq("none")) & theirs.notna() & theirs.ne("none"), theirs)


def manager_of(identifier: str | None) -> str | None:
    """The manager that an id names: by the table, else the last part of its type, else the id itself."""
    if not identifier:
        return None
    namespace, *parts = identifier.lower().rpartition("/providers/")[2].strip("/").split("/")
    kinds = parts[::2]
    return BY_TYPE.get("/".join((namespace, *kinds))) or (identifier.strip("/").split("/")[-2] if kinds else identifier)


def tagged_manager(tags: str) -> str | None:
    """The manager that tags (JSON text) tell of."""
    pairs: Mapping[str, Any] = orjson.loads(tags)
    lowered = [(str(name).lower(), str(value).lower()) for name, value in pairs.items()]
    for manager, name, value in BY_TAG:
        if any(name.fullmatch(told) and value.fullmatch(of) for told, of in lowered):
            return manager
    return None
