"""A row of Resource Graph: the same columns in every table, in the recorded order (2024-08, api-version 2021-03-01).

Columns of type string are never null: what a resource does not have is ``""`` there, and null in the dynamic ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

STRINGS: Final = (
    "id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy",
)  # fmt: skip
DYNAMICS: Final = ("sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation")
COLUMNS: Final = (*STRINGS, *DYNAMICS)

Row = tuple[str | None, ...]
"""The values of ``COLUMNS``; those of ``DYNAMICS`` as JSON text."""


def graph_row(body: Mapping[str, Any], *, tenant: str, subscription: str = "", group: str = "") -> Row:
    """The row of a resource whose Resource Manager body is ``body``.

    Resource Graph writes types, resource groups and locations in lower case, and ids as the provider gave them.
    """
    known = {"tenantId": tenant, "subscriptionId": subscription, "resourceGroup": group.lower()}
    known |= {"type": body["type"].lower(), "location": body.get("location", "").replace(" ", "").lower()}
    texts = (known.get(name) or body.get(name) or "" for name in STRINGS)
    return (*texts, *(None if body.get(name) is None else orjson.dumps(body[name]).decode() for name in DYNAMICS))
