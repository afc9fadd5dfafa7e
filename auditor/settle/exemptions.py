"""The exemptions file -> Exemptions: who accepted which finding, why, under which ticket, until when."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from auditor.model.dataset import JUDGED
from auditor.model.rule import ALWAYS, Condition, Exemption
from auditor.model.settings import Day
from auditor.model.strict import Strict, Text
from auditor.settle.checked import check, mapping, value_at
from auditor.settle.complaints import Complaints, there_are
from auditor.settle.conditions import Conditions
from auditor.settle.located import Document, Path


def _resource_id(text: str) -> str:
    if not text.lower().startswith("/subscriptions/"):
        raise ValueError(
            "is no resource id: copy the Resource ID from the portal's page of the machine or extension, which begins "
            "with /subscriptions/; a selector takes names"
        )
    return text


class ExemptionShape(Strict):
    """An exemption as it is written."""

    rule: Text
    resource: Annotated[str, AfterValidator(_resource_id)] | None = None
    selector: dict[str, object] | None = None
    owner: Text
    reason: Text
    ticket: Text
    expires: Day


def read_exemptions(document: Document, frames: dict[str, str], complaints: Complaints) -> tuple[Exemption, ...]:
    """The exemptions of ``document``; ``frames`` holds the frame of every rule by its id."""
    if not isinstance(document.value, list):
        if document.value is not None:
            complaints.add(document, (), "a list of exemptions is meant: begin each with '- rule: AMA-001'")
        return ()
    entries = (_exemption(document, (position,), frames, complaints) for position in range(len(document.value)))
    return tuple(entry for entry in entries if entry is not None)


def _exemption(document: Document, path: Path, frames: dict[str, str], complaints: Complaints) -> Exemption | None:
    shape = check(ExemptionShape, document, complaints, path)
    raw = mapping(value_at(document.value, path))
    frame = frames.get(str(raw.get("rule")))
    if raw.get("rule") is not None and frame is None:
        complaints.add(document, (*path, "rule"), f"there is no rule {raw['rule']!r}{there_are(frames)}")
    if raw and (raw.get("resource") is None) == (raw.get("selector") is None):
        complaints.add(document, path, "write either a resource (its id) or a selector, one of the two")
    selector: Condition = ALWAYS
    if frame in JUDGED and raw.get("selector") is not None:
        selector = Conditions(document, str(frame), complaints).read(raw["selector"], (*path, "selector"))
    if shape is None:
        return None
    return Exemption(
        rule=shape.rule,
        owner=shape.owner,
        reason=shape.reason,
        ticket=shape.ticket,
        expires=shape.expires,
        resource=shape.resource,
        selector=selector,
        line=document.line(path),
    )
