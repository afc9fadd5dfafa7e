"""The catalogue has every word that a dress uses, and no word that none uses."""

from __future__ import annotations

import re
from pathlib import Path

import auditor.render
from auditor.catalogue import Catalogue
from auditor.model.dataset import FRAMES, VIEWS
from auditor.model.reading import Service, Source
from auditor.model.report import CHANGES, FINDING_KEYS, OF_WORKBOOK
from auditor.render.layout import layout
from auditor.render.packing import ROW_KEYS
from auditor.render.page import FACTS, IDS, SCRIPT_WORDS, TABLE_WORDS
from auditor.render.page_charts import BEHIND, drawings
from auditor.resources import reports_folder
from tests.unit.render import sample


def used() -> set[str]:
    names = ("page/page.html.j2", "letter/letter.html.j2", "letter/letter.txt.j2", "archive/index.html.j2")
    design = "".join((reports_folder() / name).read_text(encoding="utf-8") for name in names)
    code = "".join(path.read_text(encoding="utf-8") for path in Path(auditor.render.__file__).parent.glob("*.py"))
    told_by = {"extensions": "installed_version_source", "machines": "last_ran_source"}
    tellers = {
        word
        for frame, name in told_by.items()
        for column in FRAMES[frame]
        if column.name == name
        for word in column.words
    }
    return {
        *re.findall(r"\bwords\.([a-z_]+)", design),
        *re.findall(r"""words\[["']([a-z_]+)["']""", code),
        *SCRIPT_WORDS,
        *TABLE_WORDS.values(),
        *(f"chart_{word}" for word in (*drawings(), *(key for key, _status, _most in BEHIND))),
        *("chart_behind_more", "chart_behind_unknown"),
        *(f"chart_axis_{name}" for name, design in drawings().items() if "$axis" in str(design)),
        *(f"column_{key}" for key in (*ROW_KEYS, *IDS, *FACTS, *layout().findings)),
        *(f"source_{source}" for source in (*Source, *tellers, Service.RESOURCE_GRAPH)),
        *(f"kind_{kind}" for kind in sample.KINDS),
        *(sheet.name for sheet in layout().sheets),
        *(f"dictionary_{name}" for name in ("sheet", "title", "key", "meaning", "unit", "source")),
        *CHANGES,
        "yes",
        "no",
    }


def test_every_word_used_is_in_the_catalogue() -> None:
    assert used() - set(sample.words()) == set()


def test_no_word_is_in_the_catalogue_for_nothing() -> None:
    unused = set(sample.words()) - used()
    unused -= {f"value_{word}" for word in Catalogue("en").sections["values"]}
    assert unused == {"kind_scale_sets"}, "it names a row of the coverage, and no finding"


def test_every_kind_of_machine_has_its_word() -> None:
    kind = VIEWS["extensions"].column("kind")
    assert kind
    assert set(kind.words) == set(sample.KINDS)


def test_the_workbook_has_every_key_of_the_contract() -> None:
    assert set(layout().findings) == {*FINDING_KEYS, *OF_WORKBOOK}
