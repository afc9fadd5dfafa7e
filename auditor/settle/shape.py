"""The shape of a rule's file: its keys and their types. Conditions and examples are read by their own readers."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from auditor.model.rule import FIXES, MACHINE_KINDS
from auditor.model.settings import MachineKinds, Strict, Text
from auditor.model.verdict import AS_EXPECTED, EXTENSIONS_NOT_READ, INSTANCES_NOT_READ, NOT_KNOWN, Severity
from auditor.settle.complaints import did_you_mean

RULE_ID = re.compile(r"[A-Z][A-Z0-9]{1,15}-[0-9]{3,6}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RESERVED = frozenset({EXTENSIONS_NOT_READ, INSTANCES_NOT_READ, NOT_KNOWN, AS_EXPECTED})


def _rule_id(text: str) -> str:
    if not RULE_ID.fullmatch(text):
        raise ValueError("is no rule id: write capital letters, a hyphen and three digits or more, such as AMA-001")
    return text


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError("is no reason code: write small letters, digits and underscores, such as rolling_out")
    if text in _RESERVED:
        raise ValueError("is a code of the auditor's own: choose another")
    return text


def _fix(text: str) -> str:
    if text not in FIXES:
        raise ValueError(f"is no known fix{did_you_mean(text, sorted(FIXES))}")
    return text


def _page(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("is no page: write its address, which begins with https://")
    return text


class Texts(Strict):
    """A text by language; English is always there."""

    en: Text
    ja: Text | None = None


class ClauseShape(Strict):
    """A reason: when it holds, its code for machines and its text for people."""

    when: object = None
    code: Annotated[str, AfterValidator(_code)]
    text: Texts


class StandingShape(ClauseShape):
    """A reason that leaves a machine out of every rule."""

    when: object


class ReasonShape(ClauseShape):
    """A reason of a failure, which may name what mends it."""

    fix: Annotated[str, AfterValidator(_fix)] | None = None


class UpgradableShape(Strict):
    """A row of the table of automatic upgrade."""

    publisher: Text
    type: Text
    kinds: MachineKinds = MACHINE_KINDS


class ExamplesShape(Strict):
    """Rows by the verdict that they must get; ``given`` stands below each of them."""

    given: dict[str, object] = Field(default_factory=dict)
    passing: tuple[dict[str, object], ...] = Field((), alias="pass")
    fail: tuple[dict[str, object], ...] = ()
    pending: tuple[dict[str, object], ...] = ()
    not_applicable: tuple[dict[str, object], ...] = ()
    unanswered: tuple[dict[str, object], ...] = ()


class RuleShape(Strict):
    """A rule's file. One that is not ``enabled`` waits for a configuration to switch it on."""

    id: Annotated[str, AfterValidator(_rule_id)]
    title: Texts
    severity: Severity
    enabled: bool = True
    frame: Literal["extensions", "machines"]
    params: dict[str, object] = Field(default_factory=dict)
    applies_to: object = None
    not_applicable: tuple[ClauseShape, ...] = ()
    early_pending: tuple[ClauseShape, ...] = ()
    expect: object
    pending: tuple[ClauseShape, ...] = ()
    reasons: Annotated[tuple[ReasonShape, ...], Field(min_length=1)]
    why: Texts
    sources: tuple[Annotated[Text, AfterValidator(_page)], ...] = ()
    examples: ExamplesShape = Field(default_factory=lambda: ExamplesShape.model_validate({}))
