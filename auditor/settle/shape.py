"""The shape of a rule's file: its keys and their types. Conditions and examples are read by their own readers."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from auditor.model.rule import FIXES, MACHINE_KINDS
from auditor.model.settings import MachineKinds
from auditor.model.strict import Strict, Text
from auditor.model.verdict import AS_EXPECTED, EXTENSIONS_NOT_READ, INSTANCES_NOT_READ, NOT_KNOWN, Severity
from auditor.settle.complaints import did_you_mean

RULE_ID = re.compile(r"[A-Z][A-Z0-9]{1,15}-[0-9]{3,6}")
SECTIONS = ("not_applicable", "early_pending", "pending", "reasons")
"""The keys that hold reasons, in the order in which they are tried."""
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


RuleId = Annotated[str, AfterValidator(_rule_id), WithJsonSchema({"type": "string", "pattern": f"^{RULE_ID.pattern}$"})]
Code = Annotated[
    str,
    AfterValidator(_code),
    WithJsonSchema({"type": "string", "pattern": f"^{_CODE.pattern}$", "not": {"enum": sorted(_RESERVED)}}),
]
Fix = Annotated[str, AfterValidator(_fix), WithJsonSchema({"type": "string", "enum": sorted(FIXES)})]
Page = Annotated[Text, AfterValidator(_page), WithJsonSchema({"type": "string", "pattern": "^https://"})]


class Documented(Strict):
    """What a line below a key says of it is what editors show."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Texts(Documented):
    """A text by language; English is always there."""

    en: Text
    ja: Text | None = None


class ClauseShape(Documented):
    """A reason: when it holds, its code for machines and its text for people."""

    when: object = None
    """When the reason holds."""
    code: Code
    """For machines: small letters, digits and underscores. Of one verdict only."""
    text: Texts
    """For people. {column} is filled in with the row's value, {parameter} with the rule's."""


class StandingShape(ClauseShape):
    """A reason that leaves a machine out of every rule."""

    when: object


class ReasonShape(ClauseShape):
    """A reason of a failure, which may name what mends it."""

    fix: Fix | None = None
    """What mends it; the report has the words for each kind of machine."""


class UpgradableShape(Strict):
    """A row of the table of automatic upgrade."""

    publisher: Text
    type: Text
    kinds: MachineKinds = MACHINE_KINDS


class ExamplesShape(Documented):
    """Rows by the verdict that they must get."""

    given: dict[str, object] = Field(default_factory=dict)
    """What stands below each example: values by column; null takes one away."""
    passing: tuple[dict[str, object], ...] = Field((), alias="pass")
    fail: tuple[dict[str, object], ...] = ()
    pending: tuple[dict[str, object], ...] = ()
    not_applicable: tuple[dict[str, object], ...] = ()
    unanswered: tuple[dict[str, object], ...] = ()


class RuleShape(Documented):
    """A rule of the auditor: which rows it speaks of, what it expects, and why a row fails."""

    id: RuleId
    """Capital letters, a hyphen and three digits or more. The file is named by it."""
    title: Texts
    """What is so where the rule passes. {parameter} is filled in."""
    severity: Severity
    """How grave a failure is."""
    enabled: bool = True
    """Whether it is run. One that is not waits for a configuration to switch it on."""
    frame: Literal["extensions", "machines"]
    """What a row is: an extension (with its machine's columns), or a machine."""
    params: dict[str, object] = Field(default_factory=dict)
    """Values that a configuration may change; a condition refers to one as $name."""
    applies_to: object = None
    """Which rows the rule speaks of; all of them where it is left out."""
    not_applicable: tuple[ClauseShape, ...] = ()
    """Why a row is not meant tonight; tried first."""
    early_pending: tuple[ClauseShape, ...] = ()
    """Why it is too early to judge a row; tried before what is expected."""
    expect: object
    """What must be so. Where a value that it needs is not known, the verdict is unanswered."""
    pending: tuple[ClauseShape, ...] = ()
    """Why a row that fails is pending: what mends it is on its way."""
    reasons: Annotated[tuple[ReasonShape, ...], Field(min_length=1)]
    """Why a row fails: the first that holds. Only the last has no 'when'."""
    why: Texts
    """Why it matters, for whoever reads the report."""
    sources: tuple[Page, ...] = ()
    """The pages that it rests on."""
    examples: ExamplesShape = Field(default_factory=lambda: ExamplesShape.model_validate({}))
    """The rule's tests: auditor rules test."""
