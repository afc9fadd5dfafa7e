"""Rules as data: conditions over declared columns, verdict texts, examples. Nothing here can run code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from auditor.model.verdict import Severity, Status
from auditor.model.version import Version

Value = str | int | bool | Version | timedelta
Words = Mapping[str, str]
"""A text by language; ``en`` is always there."""
MACHINE_KINDS: Final = ("vm", "arc")
"""The kinds of machines for which versions are offered: instances of scale sets are virtual machines."""


class Operator(StrEnum):
    """The closed list. ``matches`` takes a pattern with ``*`` and ``?`` and ignores case, like all text here."""

    EQUALS = "equals"
    NOT = "not"
    IN = "in"
    NOT_IN = "not_in"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    UNDER = "under"
    OVER = "over"
    MATCHES = "matches"


ORDERING = frozenset({Operator.AT_MOST, Operator.AT_LEAST, Operator.UNDER, Operator.OVER})
LISTS = frozenset({Operator.IN, Operator.NOT_IN})


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column against one value, or against several for ``in`` and ``not_in``.

    ``column`` is a declared column, or ``tags.NAME``. The value is typed by the column: Version for a version column,
    timedelta for a duration, int for a number, bool for a flag, str for text and words.
    """

    column: str
    operator: Operator
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    parts: tuple[Condition, ...]


Condition = Comparison | AllOf | AnyOf | NoneOf
ALWAYS = AllOf(())


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """Every single comparison in ``condition``, in the order of the file."""
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from comparisons_of(part)


FIXES = frozenset(
    {
        "enable_automatic_upgrade",  # set that one property to true; never put the extension anew for it
        "upgrade_now",  # by hand, to the region's latest version, with all settings passed again
        "repair_failed_extension",  # read the error, remove its cause, remove and install the extension again
        "watch_automatic_retry",  # the old version runs on; the platform tries again by itself
        "update_instance",  # bring a scale set's instance up to the model, which has the setting already
        "install_agent",  # give the machine its agent
        "assign_identity",  # give the machine a managed identity, beside those that it has
        "restore_reporting",  # look why the agent of a running machine sends nothing, on the machine itself
        "associate_data_collection_rule",  # with the machine, or with the uniform scale set as a whole
        "check_installed_version",  # look at what the machine runs now: a later success alone proves nothing
    }
)
"""The closed list of what a failed verdict can ask for; ``compose`` holds the words and commands of each."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A reason: a stable ``code`` for machines, a sentence for people, and for a failure the ``fix`` that mends it.

    ``when`` is ALWAYS for the last reason of a failure. ``{column}`` in a text names a declared column.
    """

    code: str
    when: Condition
    text: Words
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A row and the verdict that the rule must give to it; a value of None takes the column away."""

    status: Status
    values: Mapping[str, object]
    code: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a pack, settled: parameters are filled in and every value has its column's type."""

    id: str
    title: Words
    severity: Severity
    frame: str
    why: Words
    expect: Condition
    reasons: tuple[Clause, ...]
    params: Mapping[str, Value] = field(default_factory=dict)
    applies_to: Condition = ALWAYS
    not_applicable: tuple[Clause, ...] = ()
    early_pending: tuple[Clause, ...] = ()
    pending: tuple[Clause, ...] = ()
    sources: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    enabled: bool = True
    only: Condition = ALWAYS
    path: str = ""

    def conditions(self) -> Iterator[Condition]:
        """Every condition that the verdict rests on, in the order in which they are tried."""
        yield self.only
        yield self.applies_to
        for clause in (*self.not_applicable, *self.early_pending):
            yield clause.when
        yield self.expect
        for clause in (*self.pending, *self.reasons):
            yield clause.when

    def clauses(self, status: Status) -> tuple[Clause, ...]:
        """The reasons for a verdict; an exempt failure keeps the reason for which it would have failed."""
        match status:
            case Status.NOT_APPLICABLE:
                return self.not_applicable
            case Status.PENDING:
                return (*self.early_pending, *self.pending)
            case Status.FAIL | Status.EXEMPT:
                return self.reasons
            case _:
                return ()

    def columns(self) -> tuple[str, ...]:
        """The columns that the rule names in its conditions, each once, in order."""
        return tuple(
            dict.fromkeys(test.column for condition in self.conditions() for test in comparisons_of(condition))
        )


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One row of the release table: in ``month`` (its first day) these versions of publisher and type were released.

    A version may end in ``.x``: any hotfix of that release. ``withdrawn`` versions are not to be used. ``kinds`` are
    the kinds of machines that the row speaks of.
    """

    publisher: str
    type: str
    month: date | None
    versions: tuple[str, ...]
    withdrawn: bool = False
    note: str = ""
    kinds: tuple[str, ...] = MACHINE_KINDS


@dataclass(frozen=True, slots=True)
class Upgradable:
    """An extension that the platform can upgrade automatically, on machines of ``kinds``."""

    publisher: str
    type: str
    kinds: tuple[str, ...] = MACHINE_KINDS


EXPIRING_WITHIN = timedelta(days=14)
"""So long before its end an exemption is told to expire soon."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A risk that somebody accepted. All of owner, reason, ticket and expiry are mandatory.

    ``resource`` is an id (of a machine or an extension), or None where ``selector`` says which rows.
    """

    rule: str
    owner: str
    reason: str
    ticket: str
    expires: date
    resource: str | None = None
    selector: Condition = ALWAYS
    line: int = 0

    @property
    def label(self) -> str:
        return f"{self.ticket} ({self.owner}, until {self.expires.isoformat()})"

    def in_force(self, today: date) -> bool:
        """Whether it excuses; its last day is among its days."""
        return today <= self.expires

    def expires_soon(self, today: date) -> bool:
        """Whether it is in force and somebody has to think of it now."""
        return self.in_force(today) and self.expires - today <= EXPIRING_WITHIN


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All that tonight's judging rests on besides the data. ``hashes``: sha256 by file name.

    ``standing`` are the reasons that leave a machine out of every rule (managed by a service, expired on Arc);
    ``upgradable`` is the table of the extensions that can be upgraded automatically.
    """

    rules: tuple[Rule, ...]
    standing: tuple[Clause, ...] = ()
    releases: tuple[ReleaseRow, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    upgradable: tuple[Upgradable, ...] = ()

    def clauses(self, rule: Rule, status: Status) -> tuple[Clause, ...]:
        """The reasons among which a verdict's ``clause`` counts: for not_applicable the standing ones come first."""
        own = rule.clauses(status)
        return (*self.standing, *own) if status is Status.NOT_APPLICABLE else own

    def columns(self, rule: Rule) -> tuple[str, ...]:
        """The columns that a verdict of ``rule`` rests on: those of the standing reasons, and its own; each once."""
        standing = (test.column for clause in self.standing for test in comparisons_of(clause.when))
        return tuple(dict.fromkeys((*standing, *rule.columns())))

    def agents(self) -> tuple[tuple[str, str], ...]:
        """The (publisher, type) pairs that the enabled rules name, each once, sorted: their versions are needed."""
        pairs = {pair for rule in self.rules if rule.enabled for pair in pairs_named(rule.applies_to)}
        return tuple(sorted(pairs, key=lambda pair: (pair[0].lower(), pair[1].lower())))


def pairs_named(condition: Condition) -> set[tuple[str, str]]:
    """The pairs that ``applies_to`` names outright; a rule that names none brings none."""
    comparisons = (
        [condition]
        if isinstance(condition, Comparison)
        else list(condition.parts if isinstance(condition, AllOf) else ())
    )
    named: dict[str, tuple[str, ...]] = {}
    for test in comparisons:
        if isinstance(test, Comparison) and test.operator in (Operator.EQUALS, Operator.IN):
            values = test.value if isinstance(test.value, tuple) else (test.value,)
            named[test.column] = tuple(str(value) for value in values)
    return {(publisher, kind) for publisher in named.get("publisher", ()) for kind in named.get("type", ())}
