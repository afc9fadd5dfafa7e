"""Where a remedy would be applied: each row's addresses, and what its commands must know beside them.

Addresses rest on the id under which the machine's own answer gave it, and on the extension's name: the id of an
extension in a list of instances leads to a machine that does not exist (recorded).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from auditor.compose.rows import Rows, python
from auditor.model.dataset import Kind
from auditor.model.quoting import url_path
from auditor.model.resource_id import Names, names_in
from auditor.model.scopes import Subject

COMPUTE_API = "2024-07-01"
"""Of every address below Microsoft.Compute; before 2025-04-01, from which on writes switch automatic upgrade on."""
ARC_API = "2024-07-10"


@dataclass(frozen=True, slots=True)
class Target:
    """What one row's commands need; paths are percent-encoded, and begin with ``/subscriptions/``.

    ``scale_set`` is that of an instance of a uniform one, empty for whatever else; ``model`` is the path of the
    extension in its model, empty where no model is known to hold it. ``manual``: a uniform scale set whose instances
    are updated by hand. ``version``: the latest of the region, empty where it is not known.
    """

    subject: Subject
    machine: str
    names: Names
    extension: str = ""
    handler: str = ""
    version: str = ""
    manual: bool = False
    scale_set: str = ""
    model: str = ""
    model_setting: str | None = None
    follows_model: str | None = None

    @property
    def api(self) -> str:
        return ARC_API if self.subject is Subject.ARC else COMPUTE_API


class _Row(NamedTuple):
    """What a target is made from: the columns of those names."""

    subject: Subject | None
    machine_id: str
    name: str | None
    publisher: str | None
    type: str | None
    latest_version: str | None
    model_auto_upgrade: str | None
    scale_set_id: str | None
    follows_model: str | None


@dataclass(frozen=True)
class Targets:
    """Finds the targets of a shard's rows."""

    frames: Mapping[str, pd.DataFrame]

    def of(self, rows: Rows, machine_ids: Sequence[str]) -> Iterator[Target | None]:
        """One for each row; None where the ids are not of the shape that Azure's own have."""
        on_extensions = rows.view.name == "extensions"
        of_extension = ("name", "publisher", "type", "latest_version", "model_auto_upgrade")
        told = [rows.values(name) if on_extensions else [None] * len(rows) for name in of_extension]
        of_machine = (rows.values("scale_set_id"), rows.values("follows_model"))
        return map(self._of, map(_Row, rows.subjects, machine_ids, *told, *of_machine))

    def _of(self, row: _Row) -> Target | None:
        names = names_in(row.machine_id, row.subject) if row.subject else None
        if row.subject is None or names is None or not _leads_there(row.machine_id):
            return None
        machine, extension = url_path(row.machine_id), _segment(row.name)
        owner = row.machine_id if row.subject is Subject.SCALE_SET else row.scale_set_id or ""
        scale_set = _scale_set(owner) if row.subject is Subject.UNIFORM else ""
        return Target(
            row.subject,
            machine,
            names,
            f"{machine}/extensions/{extension}" if extension else "",
            f"{row.publisher}.{row.type}" if row.publisher and row.type else "",
            row.latest_version or "",
            owner.lower() in self._manual,
            scale_set,
            f"{scale_set}/extensions/{model}" if scale_set and (model := self._model(owner, row)) else "",
            row.model_auto_upgrade,
            row.follows_model,
        )

    def _model(self, owner: str, row: _Row) -> str:
        """What the extension of that publisher and type is called in the model: of several the one that is called like
        it."""
        held = self._models.get(_key(owner, row.publisher, row.type), ())
        alike = [each for each in held if len(held) == 1 or each.lower() == (row.name or "").lower()]
        return _segment(alike[0]) if alike else ""

    @cached_property
    def _models(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """Names of the extensions in the models by scale set, publisher and type, all of them in lower case."""
        extensions = self.frames["extensions"]
        models = extensions[extensions["on"].eq("model")]
        columns = (python(models[name], Kind.TEXT) for name in ("machine_id", "publisher", "type", "name"))
        found: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for owner, publisher, type_, name in zip(*columns, strict=True):
            key = _key(owner, publisher, type_)
            found[key] = (*found.get(key, ()), name or "")
        return found

    @cached_property
    def _manual(self) -> frozenset[str]:
        """Ids, in lower case, of the uniform scale sets whose instances are updated by hand."""
        sets = self.frames["scale_sets"]
        by_hand = sets[sets["upgrade_mode"].eq("manual") & sets["orchestration_mode"].eq("uniform")]
        return frozenset(each.lower() for each in python(by_hand["id"], Kind.TEXT))


def _scale_set(owner: str) -> str:
    return url_path(owner) if names_in(owner, Subject.SCALE_SET) and _leads_there(owner) else ""


def _leads_there(identifier: str) -> bool:
    """A client would walk ``.`` and ``..`` as it walks folders."""
    return not {".", ".."} & set(identifier.split("/"))


def _segment(name: str | None) -> str:
    return "" if name is None or name in (".", "..") else url_path(name).replace("/", "%2F")


def _key(owner: str, publisher: str | None, type_: str | None) -> tuple[str, str, str]:
    return owner.lower(), (publisher or "").lower(), (type_ or "").lower()
