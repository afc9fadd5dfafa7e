"""A custom role from the file that ``az role definition create`` takes: what whoever signs in may do.

https://learn.microsoft.com/azure/role-based-access-control/custom-roles-cli
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Role:
    """Actions with wildcards. By default the built-in role Reader's."""

    actions: tuple[str, ...] = ("*/read",)
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


READER = Role()


def read_role(path: Path) -> Role:
    """The role in the file at ``path``. Raises OSError, or ValueError with a sentence where it holds none."""
    try:
        told = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(told, dict):
        raise ValueError(f"{path} is no role: one object is meant, with Name and Actions")
    keys = {name.lower(): value for name, value in told.items()}
    if "actions" not in keys:
        raise ValueError(f"{path} is no role: it has no Actions")
    return Role(*(_texts(path, keys, name) for name in ("Actions", "NotActions", "DataActions", "NotDataActions")))


def _texts(path: Path, keys: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = keys.get(name.lower(), [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{path} is no role: {name} is no list of texts")
    return tuple(found)
