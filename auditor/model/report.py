"""The report: every word, number and order settled, so that page, workbook, tables and console only dress it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from auditor.model.letter import Letter
from auditor.model.remedy import Remedy
from auditor.model.table import Table, TableColumn
from auditor.model.verdict import Severity, Status

if TYPE_CHECKING:
    import pyarrow as pa


class Evidence(NamedTuple):
    """One value that a verdict rests on: from which source, read when.

    ``value`` is JSON-able (text, number, bool, None, or a mapping of those for an operation); times are ISO 8601 text.
    ``shown`` is the value as people read it. ``source`` is the word that told it (heartbeats, guest_agent ...), else
    resource_graph, else the subject that was asked. Findings that rest on the same value share one Evidence.
    """

    name: str
    label: str
    value: object
    shown: str
    source: str
    read_at: datetime | None


class Finding(NamedTuple):
    """A verdict with all that findings.json promises of it; ``portal`` is its machine's https link.

    A night makes hundreds of thousands, each once: a tuple is made in a tenth of the time of a frozen dataclass.

    ``remediation`` is all of ``remedy`` in one text. ``nights``: in how many nights it was seen to fail, tonight among
    them where it fails; ``history`` is a sentence that says since when. Both are None where no night is remembered, and
    where it did not fail. ``change`` fixed stands at the verdict that sees it mended; what is gone has no verdict.
    """

    rule_id: str
    status: Status
    severity: Severity
    reason_code: str
    reason: str
    resource_id: str
    machine_id: str | None
    machine_name: str | None
    machine_kind: str | None
    subscription_id: str | None
    subscription_name: str | None
    resource_group: str | None
    location: str | None
    os: str | None
    availability: str | None
    extension_publisher: str | None
    extension_type: str | None
    extension_name: str | None
    auto_upgrade: str | None
    auto_upgrade_minor: bool | None
    requested_version: str | None
    installed_version: str | None
    installed_version_source: str | None
    installed_version_at: datetime | None
    latest_version: str | None
    releases_behind: int | None
    evidence: tuple[Evidence, ...]
    remediation: str | None
    change: str | None
    first_seen: datetime | None
    owner: str | None
    exemption: str | None
    portal: str
    remedy: Remedy | None = None
    nights: int | None = None
    history: str | None = None


_OF_THE_PAGE = frozenset({"portal", "remedy", "nights", "history"})
FINDING_KEYS = tuple(key for key in Finding._fields if key not in _OF_THE_PAGE)
"""The keys of findings.json and the columns of findings.csv and verdicts.parquet, in this order."""
OF_WORKBOOK = ("portal", "nights")
"""Fields of a finding that the workbook has beside those keys."""

WORKBOOK_TABLES = ("adoption", "machines", "failed_operations", "rules")
"""Tables of the report that are made for the workbook: for who sorts and filters."""

LISTED_WHOLE = 20_000
"""Up to so many verdicts findings.json and the workbook hold them all; above, these are left to verdicts.parquet."""
LEFT_TO_PARQUET = frozenset({Status.PASS, Status.NOT_APPLICABLE})


def listed_whole(total: int) -> bool:
    """Whether findings.json and the workbook hold every verdict of so many."""
    return total <= LISTED_WHOLE


@dataclass(frozen=True, slots=True)
class Portion:
    """Some verdicts in their order: all of them as ``findings``, or as ``columns`` where only the tables hold them.

    ``columns`` have the schema of :mod:`auditor.model.contract`. Then ``findings`` are those among them of which people
    are told all the same, for they have changed since the last night.
    """

    findings: Sequence[Finding]
    columns: pa.RecordBatch | None = None


EXEMPTION_LISTS = ("expired", "expiring", "unmatched", "unneeded", "untried")
"""The lists of exemptions to look at, each the table ``exemptions_NAME``; one exemption may stand in several."""


@dataclass(frozen=True, slots=True)
class Card:
    """A number at the top of the page. ``tone`` is one of bad, warn, good, calm."""

    key: str
    label: str
    value: int
    note: str
    tone: str


@dataclass(frozen=True, slots=True)
class Banner:
    """What the reader must know first where the audit is incomplete: a sentence, and a line for each gap."""

    sentence: str
    lines: tuple[str, ...]


CHANGES = ("new", "still", "changed", "fixed", "gone", "no_longer_visible")
"""What can have become of a finding since the last night that is remembered."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is different from the night ``since``: how many failures by change (keys of ``CHANGES``), and a sentence.

    ``unanswered`` are earlier failures that could not be read tonight: neither fixed nor gone.
    """

    since: datetime
    counts: Mapping[str, int]
    sentence: str
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Night:
    """A night of the trend: how many verdicts of each kind it had, and whether everything expected was read.

    ``changes`` by word of ``CHANGES``, empty on the first night; ``files`` of its report that the archive keeps.
    ``narrow``: it was asked for some of the subscriptions, so its numbers are no other night's.
    """

    as_of: datetime
    run_id: str
    counts: Mapping[Status, int]
    complete: bool
    changes: Mapping[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    narrow: bool = False

    @property
    def extent(self) -> str:
        """How far it was read, as the catalogue has it: ``nothing``, ``narrowed``, ``wholly`` or ``partly``."""
        if self.unread:
            return "nothing"
        return "narrowed" if self.narrow else "wholly" if self.complete else "partly"

    @property
    def unread(self) -> bool:
        """Whether nothing at all was read: its noughts count nothing, and are never shown as such."""
        return not self.complete and not any(self.counts.values())


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule with one verdict: the page shows the first ``shown`` of ``total``.

    ``left_out`` is a sentence that says where the rest is, or empty.
    """

    rule_id: str
    status: Status
    status_word: str
    severity: Severity
    title: str
    why: str
    total: int
    shown: int
    left_out: str


@dataclass(frozen=True, slots=True)
class RuleNote:
    """One rule for people: what it expects and why, what its verdicts say, which pages it rests on."""

    id: str
    title: str
    severity: Severity
    why: str
    expectation: str
    parameters: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    counts: Mapping[Status, int]


@dataclass(frozen=True)
class Report:
    """One night's report.

    ``words`` are the fixed words of the design by key (message catalogue); ``tone`` colours the headline: bad, warn or
    good. ``verdicts`` gives every verdict, gravest first, made anew at each call: it is read once, for all formats.
    Those that are left to verdicts.parquet come as columns. ``run`` is run.json as it will be written. ``left_out`` is
    a sentence on the verdicts that the workbook leaves to verdicts.parquet, or empty. ``tables`` are shown by page and
    workbook alike: by_rule, by_subscription, by_version, operations, kinds (machines by kind), coverage (by kind and
    source), states (subscriptions by state), outside (what the verdicts do not speak of), gaps, accepted_gaps,
    subscriptions, unseen (machines without an agent, with unread extensions, disconnected, behind their model, not
    seen), set_aside (managed, expired), readings, exemptions, those of ``EXEMPTION_LISTS``, departed (failures that are
    fixed, gone or no longer visible), about; for the workbook also adoption (agents by region and releases behind),
    machines (every one), failed_operations and rules. ``exemptions_to_see`` is a sentence that counts those lists, or
    empty. ``changed`` is None and ``nights`` (oldest first, tonight the last) is empty where no earlier night is
    remembered. ``finding_columns`` describe a finding for people: the keys of the contract, and ``OF_WORKBOOK`` behind
    them. ``letter`` is what goes into a mail; None where none is to be written. ``page_budget`` is in bytes.
    """

    title: str
    subtitle: str
    language: str
    words: Mapping[str, str]
    headline: str
    tone: str
    summary: str
    banner: Banner | None
    cards: tuple[Card, ...]
    groups: tuple[Group, ...]
    rules: tuple[RuleNote, ...]
    tables: Mapping[str, Table]
    verdicts: Callable[[], Iterable[Portion]]
    findings_total: int
    left_out: str
    status_words: Mapping[Status, str]
    severity_words: Mapping[Severity, str]
    time_zone: str
    as_of: datetime
    run: Mapping[str, object]
    exemptions_to_see: str = ""
    changed: Changed | None = None
    nights: tuple[Night, ...] = ()
    finding_columns: tuple[TableColumn, ...] = ()
    letter: Letter | None = None
    page_budget: int = 15_000_000

    @property
    def listed_whole(self) -> bool:
        """Whether findings.json and the workbook hold every verdict."""
        return listed_whole(self.findings_total)
