"""The catalogue has every word that a checkup and the least role are told in, and no word that none uses."""

from __future__ import annotations

import re
from pathlib import Path

import auditor.model.role
import auditor.render.checkup
from auditor.catalogue import Catalogue
from auditor.model.checkup import Access, State
from auditor.model.reading import Service
from auditor.model.role import least_role
from auditor.settle import settle

SECTIONS = Catalogue("en").sections


def strings_of(module: object) -> set[str]:
    text = Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8")
    return set(re.findall(r"""["']([a-z_]+)["']""", text))


def test_every_word_of_a_checkup_is_used() -> None:
    endpoints = {"resource_manager", "log_analytics", "authority", "archive", "smtp"}
    told = {
        "rows_" + each for each in ("subscriptions", "table", "scale_set_instances", "instance_view", "activity_log")
    }
    told |= {"rows_arc_activity_log", "rows_extension_versions", "rows_arc_extension_versions", "rows_heartbeats"}
    made = {f"by_{each}" for each in Service}
    made |= {
        "subject_identity",
        "subject_endpoints",
        "subject_smtp",
        "subject_archive",
        "subject_clock",
        *endpoints,
        *told,
    }
    made |= {f"label_{each}" for each in Access} | {"gaps_found_one"}
    words = set(SECTIONS["checkup"])
    assert words >= {*map(str, State), *map(str, Access), *made}
    unused = words - strings_of(auditor.render.checkup) - made - {*map(str, State), *map(str, Access)}
    assert unused == {"tenant"}, "it is the scope of a reading"


def test_every_remark_beside_the_role_is_used_and_names_it() -> None:
    assert set(SECTIONS["role"]) == strings_of(auditor.model.role) & set(SECTIONS["role"])
    settled = settle(None, environ={})
    assert f'"{least_role(settled.settings, settled.rulebook)["Name"]}"' in SECTIONS["role"]["assign"]
