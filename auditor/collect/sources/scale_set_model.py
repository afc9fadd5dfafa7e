"""One scale set by itself, with the extensions of its model.

https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/get
"""

from __future__ import annotations

from auditor.collect import faults
from auditor.collect.faults import Fault
from auditor.collect.interface import answered, gap
from auditor.collect.session import COMPUTE_API, Session
from auditor.collect.sources.scale_sets import model_extension_rows, scale_set_row
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.SCALE_SETS


def read_model(session: Session, scale_set: Row) -> Harvest:
    """The scale set's row and a row for each extension of its model; the reading's scope is the scale set's id.

    Of its instances it tells nothing: what was known of them stays.
    """
    identifier = str(scale_set["id"])
    try:
        answer = session.get(SOURCE, identifier, {"api-version": COMPUTE_API})
        if not isinstance(answer, dict) or not isinstance(answer.get("properties"), dict):
            raise faults.told_instead(SOURCE, answer, "a scale set without properties")
    except Fault as fault:
        return Harvest({"scale_sets": [dict(scale_set)]}, [gap(session, SOURCE, identifier, fault)])
    told = scale_set_row(answer, str(scale_set["subscription_id"])) or {}
    known: Row = {key: scale_set[key] for key in ("id", "instances_read") if key in scale_set}
    row = {**scale_set, **told, **known, "read_at": session.clock()}
    harvest = Harvest({"scale_sets": [row]}, [answered(session, SOURCE, identifier, 1)])
    for extension in model_extension_rows(answer, row):
        harvest.add("extensions", extension)
    return harvest
