"""The settings of a night, under the very names of the configuration file.

Everything has a default, so an empty file is a whole configuration. Only what is built has a value here; ``settle``
refuses the rest with "not yet". The models are strict: no text is taken for a number, no unknown key is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr

from auditor.model.archive import ArchiveSettings
from auditor.model.delivery import WayOut
from auditor.model.reading import Source
from auditor.model.rule import MACHINE_KINDS
from auditor.model.schedule import Schedule
from auditor.model.size import parse_size
from auditor.model.strict import Duration, Endpoint, Strict, Text
from auditor.model.verdict import Severity
from auditor.model.version import Version

ACTIVITY_LOG_KEPT = timedelta(days=90)
"""For how long Azure keeps activity log events; asking for more is answered with 400."""
LEAST_BUDGET = timedelta(minutes=1)
LEAST_PAGE = 5_000_000
"""Bytes: the page with its scripts, its tables and what it shows without scripts, before a single row is packed."""


def _under_what_azure_keeps(duration: timedelta) -> timedelta:
    if duration >= ACTIVITY_LOG_KEPT:
        raise ValueError("is too long: Azure keeps the activity log for 90 days only; write 89d or less")
    return duration


def _long_enough(budget: timedelta) -> timedelta:
    if budget < LEAST_BUDGET:
        raise ValueError("is too short: a start does one piece of the night at the least; write 1m or more")
    return budget


def read_guid(text: str) -> str:
    """``text`` as a GUID in lower case; raises ValueError where it is none."""
    try:
        return str(UUID(text)) if len(text) == len("00000000-0000-0000-0000-000000000000") else _no_guid()
    except ValueError:
        return _no_guid()


def _no_guid() -> str:
    raise ValueError("is not an id: write the GUID, such as 12345678-9abc-def0-1234-56789abcdef0, not the name")


def _management_group(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.()-]{1,90}", text):
        raise ValueError(
            "is not a management group's id: write the id that the portal shows beside the name (letters, digits and "
            "-_.() only), not the display name and not a path"
        )
    return text


def _link(text: str) -> str:
    if not text.startswith("https://") or not text.isprintable() or " " in text:
        raise ValueError("is not a link that people can open: write an address that begins with https://")
    return text


def _page_budget(value: object) -> int:
    try:
        budget = parse_size(value)
    except ValueError:
        budget = 0
    if budget < LEAST_PAGE:
        raise ValueError("is not a size of at least 5MB, which the page takes without a single row: write 15MB")
    return budget


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("is not a time zone: write an IANA name such as Asia/Tokyo, Europe/Berlin or UTC") from None
    return name


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == len("2026-01-31") else "")
    except ValueError:
        raise ValueError("is not a date: write year, month and day, such as 2026-01-31") from None


def _source(name: str) -> str:
    if name not in ("any", *Source):
        raise ValueError(f"is not a source: write any, or one of {', '.join(Source)}")
    return name


def _month(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", value):
        raise ValueError('is not a month: write the year and the month, such as "2025-11"')
    return date(int(value[:4]), int(value[5:]), 1)


def _release_version(text: str) -> str:
    if Version.read(text.removesuffix(".x") if text.count(".") > 1 else text) is None:
        raise ValueError('is not a version: write two to four numbers with dots between, such as "1.38.1" or "1.37.x"')
    return text


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Day = Annotated[date, BeforeValidator(_day)]
Guid = Annotated[str, AfterValidator(read_guid)]
Guids = Annotated[tuple[Guid, ...], AfterValidator(_each_once)]
MachineKinds = Annotated[tuple[Literal["vm", "arc"], ...], Field(min_length=1), AfterValidator(_each_once)]


class Cloud(StrEnum):
    PUBLIC = "public"
    USGOVERNMENT = "usgovernment"
    CHINA = "china"
    CUSTOM = "custom"


class Credential(StrEnum):
    DEFAULT = "default"
    MANAGED_IDENTITY = "managed_identity"
    WORKLOAD_IDENTITY = "workload_identity"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the kind's name, not a secret
    CLIENT_CERTIFICATE = "client_certificate"
    CLI = "cli"
    TOKEN = "token"  # noqa: S105 - the kind's name, not a token


CREDENTIAL_KEYS: dict[Credential, tuple[frozenset[str], frozenset[str]]] = {
    Credential.DEFAULT: (frozenset(), frozenset()),
    Credential.MANAGED_IDENTITY: (frozenset(), frozenset({"client_id"})),
    Credential.WORKLOAD_IDENTITY: (frozenset(), frozenset({"tenant_id", "client_id"})),
    Credential.CLIENT_SECRET: (frozenset({"tenant_id", "client_id", "client_secret"}), frozenset()),
    Credential.CLIENT_CERTIFICATE: (frozenset({"tenant_id", "client_id", "certificate_path"}), frozenset()),
    Credential.CLI: (frozenset(), frozenset({"tenant_id"})),
    Credential.TOKEN: (frozenset({"token"}), frozenset()),
}
"""The keys beside ``credential`` that each kind demands, and those that it takes besides."""

SECRETS = frozenset({"client_secret", "token"})
"""The keys of ``azure`` that may only come out of the environment."""


class Endpoints(Strict):
    """Where a cloud of one's own answers; each https, without a slash at the end."""

    resource_manager: Endpoint
    log_analytics: Endpoint
    authority: Endpoint


class Azure(Strict):
    """The way into Azure. ``ca_bundle`` and ``certificate_path`` are files that exist."""

    cloud: Cloud = Cloud.PUBLIC
    endpoints: Endpoints | None = None
    ca_bundle: Path | None = None
    credential: Credential = Credential.DEFAULT
    tenant_id: Text | None = None
    client_id: Guid | None = None
    client_secret: SecretStr | None = None
    certificate_path: Path | None = None
    token: SecretStr | None = None


class AcceptedGap(Strict):
    """A gap that somebody answers for until a day, that day included; ``source`` "any" accepts every source."""

    scope: Text
    source: Annotated[str, AfterValidator(_source)]
    owner: Text
    reason: Text
    until: Day

    def accepts(self, source: str, scope: str, today: date) -> bool:
        """Whether it accepts a gap today."""
        return today <= self.until and self.means(source, scope)

    def means(self, source: str, scope: str) -> bool:
        """Whether it speaks of a gap (``scope`` in lower case); one of a subscription speaks of what lies in it."""
        wanted = self.scope.lower()
        within = scope == wanted or scope.startswith((f"/subscriptions/{wanted}/", f"{wanted}/"))
        return within and self.source in ("any", source)


class Scope(Strict):
    """What is audited. Ids are lower case, each once; neither ``subscriptions`` nor ``management_groups``: all that the
    identity can see. Management groups are named by id, and everything below them is meant."""

    subscriptions: Guids = ()
    management_groups: Annotated[
        tuple[Annotated[str, AfterValidator(_management_group)], ...], AfterValidator(_each_once)
    ] = ()
    exclude_subscriptions: Guids = ()
    expected_subscriptions: Guids = ()
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    managed_machines: Literal["not_applicable", "judged"] = "not_applicable"


class Rollout(Strict):
    """How long an automatic roll-out may take before a release counts as overdue."""

    vm: Duration = timedelta(days=60)
    arc: Duration = timedelta(days=56)


class Heartbeats(Strict):
    """The workspaces (their ids) whose Heartbeat table is read, and how far back."""

    workspaces: Guids = ()
    window: Duration = timedelta(days=30)


class ReleaseEntry(Strict):
    """A row of the release table: ``versions`` were released in ``month`` (its first day); ``1.37.x`` is any hotfix.

    ``withdrawn`` versions are not to be used; they need no month. ``kinds`` narrows the row to virtual machines (scale
    sets among them) or to Arc-enabled servers.
    """

    publisher: Text = "Microsoft.Azure.Monitor"
    type: Text
    month: Annotated[date, BeforeValidator(_month)] | None = None
    versions: Annotated[
        tuple[Annotated[str, AfterValidator(_release_version)], ...], Field(min_length=1), AfterValidator(_each_once)
    ]
    withdrawn: bool = False
    note: str = ""
    kinds: MachineKinds = MACHINE_KINDS


class Sources(Strict):
    """What is read, and how far back."""

    inventory: Literal["auto", "resource_graph", "compute"] = "auto"
    activity: Literal["activity_log"] = "activity_log"
    lookback: Annotated[Duration, AfterValidator(_under_what_azure_keeps)] = timedelta(days=14)
    rollout: Rollout = Rollout()
    release_table: tuple[ReleaseEntry, ...] = ()
    heartbeats: Heartbeats = Heartbeats()


class RuleOverride(Strict):
    """What a configuration may change of a rule; ``params`` and ``only`` are checked against the rule itself."""

    enabled: bool | None = None
    severity: Severity | None = None
    params: dict[str, object] = Field(default_factory=dict)
    only: dict[str, object] | None = None


class ReportSettings(Strict):
    """How the report speaks, ``link``: where people find the reports, and ``page_budget``: of the page, in bytes.

    Without a ``title`` it has its language's own. ``time_zone``: an IANA name that exists.
    """

    language: Literal["en", "ja"] = "en"
    title: Text | None = None
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    page_budget: Annotated[int, BeforeValidator(_page_budget)] = 15_000_000
    link: Annotated[Text, AfterValidator(_link)] | None = None


class Workers(Strict):
    """Where shards are audited: in threads of this process."""

    kind: Literal["local"] = "local"


class Settings(Strict):
    """A whole configuration. ``exemptions`` is a file that exists.

    ``time_budget``: how long one start of a night may take; it needs an archive, where the next start goes on.
    """

    azure: Azure = Azure()
    scope: Scope = Scope()
    sources: Sources = Sources()
    rules: dict[str, RuleOverride] = Field(default_factory=dict)
    exemptions: Path | None = None
    report: ReportSettings = ReportSettings()
    archive: ArchiveSettings | None = None
    schedule: Schedule | None = None
    deliver: tuple[WayOut, ...] = ()
    time_budget: Annotated[Duration, AfterValidator(_long_enough)] | None = None
    workers: Workers = Workers()


def secrets_in(settings: BaseModel) -> Iterator[str]:
    """Every secret that a configuration holds, wherever it stands."""
    for name in type(settings).model_fields:
        yield from _secrets(getattr(settings, name))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_in(value)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _secrets(each)
