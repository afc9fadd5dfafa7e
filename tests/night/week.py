"""A week of nights, unattended: its plan, the estate by night, and what happens in each.

What the reports must say is worked out here from the plan, and from nothing that the auditor wrote.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from auditor.cli import main
from auditor.simulator import AgentView, Fault, HandMadeEstate, MachineSpec, OperationSpec, Simulator
from tests.mailbox import MailServer
from tests.night.happenings import Happenings
from tests.night.parts import (
    FIRST,
    IN_BULK,
    LATEST,
    NOW,
    SECOND,
    STRANGER,
    VERSIONS,
    YOUNG,
    Bench,
    Pauses,
    agent,
    machine,
    machine_id,
    offers,
    refusal,
    subscription,
)

# --- the plan ---

DAY = timedelta(days=1)
NIGHTS = range(1, 8)
SHOP, LEDGER = FIRST, SECOND

AGENTS = {
    # Automatic upgrade of the machine's agent by night: on, off, or unset; without a machine, a dash.
    "web-1": "off off off off off off off",
    "web-2": "off off on on on off off",
    "web-3": "off off off - - - -",
    "web-4": "- off off off off off off",
    "web-5": "off off off off unset unset unset",
    "db-1": "off off off off off off off",
    "db-2": "on on on on on on on",
    "db-3": "off on on on on on on",
    "db-4": "off - - - - - -",
}
ACCEPTED = ("web-4", (3, 4))
"""A finding that somebody accepts: on the third night for the first time, until the day of the fourth."""
NEW_RELEASE = 5
"""The night before which the region of ``aging``, 2 releases behind until then, gets another one."""
BROKE, HEALED = 3, 6
"""Of the agent of ``db-2``: an operation failed before the one night, and a person's succeeded before the other."""
ASLEEP = 3
"""The first night on which ``asleep`` has been stopped for over 7 days, and its old agent is excused."""
REFUSED, THROTTLED, KILLED, EXPIRED, BROKEN, NOT_KEPT = 2, 3, 4, 5, 6, 7
"""What fails on which night, beside the mail server, which is away on the first and refuses on the sixth."""

Key = tuple[str, str]
"""(machine, rule)."""
_CODES = {"off": "disabled", "unset": "unset"}


def at(night: int) -> datetime:
    return NOW + (night - 1) * DAY


def told_at(night: int) -> str:
    return f"{at(night):%Y-%m-%dT%H:%M:%SZ}"


def setting(name: str, night: int) -> str:
    return AGENTS[name].split()[night - 1]


def failing(night: int) -> dict[Key, str]:
    """What is wrong with the estate on that night, whoever sees it: the reason's code."""
    found = {(name, "AMA-001"): _CODES[setting(name, night)] for name in AGENTS if setting(name, night) in _CODES}
    found["aging", "AMA-001"] = "disabled"
    if night >= NEW_RELEASE:
        found["aging", "AMA-002"] = "behind_and_not_upgrading"
    if BROKE <= night < HEALED:
        found["db-2", "AMA-003"] = "unresolved"
    if night < ASLEEP:
        found["asleep", "AMA-002"] = "upgrade_overdue"
    return found


def is_there(name: str, night: int) -> bool:
    return name not in AGENTS or setting(name, night) != "-"


def is_hidden(key: Key, night: int) -> bool:
    """Whether nobody can tell tonight whether it fails, or it is accepted."""
    name, rule = key
    refused = night == REFUSED and name.startswith("db-")
    unlogged = night == BROKEN and name.startswith("db-") and rule == "AMA-003"
    return refused or unlogged or is_accepted(key, night)


def is_accepted(key: Key, night: int) -> bool:
    return key == (ACCEPTED[0], "AMA-001") and night in ACCEPTED[1]


@dataclass
class Expected:
    """What the report of a night must say has become of failures, and since when."""

    failing: dict[Key, tuple[str | None, str | None]] = field(default_factory=dict)
    departed: dict[Key, str] = field(default_factory=dict)
    carried: set[Key] = field(default_factory=set)


def expected() -> list[Expected]:
    """For each night: what is seen is new, still, or changed, as also where its exemption has ended; what is not seen
    is carried where it is hidden.
    """
    nights, known = [], dict[Key, tuple[str, int]]()
    for night in NIGHTS:
        seen = {key: code for key, code in failing(night).items() if not is_hidden(key, night)}
        tonight = Expected()
        for key, code in seen.items():
            before, first = known.get(key, ("", night))
            same = before == code and not is_accepted(key, night - 1)
            change = "new" if not before else "still" if same else "changed"
            tonight.failing[key] = (change, told_at(first)) if night > 1 else (None, None)
        for key in known.keys() - seen.keys():
            if is_hidden(key, night):
                tonight.carried.add(key)
            elif not is_there(key[0], night):
                tonight.departed[key] = "gone"
            else:
                tonight.departed[key] = "no_longer_visible" if key[0] == "asleep" else "fixed"
        known = {key: known[key] for key in tonight.carried} | {
            key: (code, known[key][1] if key in known else night) for key, code in seen.items()
        }
        nights.append(tonight)
    return nights


# --- the estate by night ---


def machine_of(name: str, night: int) -> MachineSpec:
    auto_upgrade = {"on": True, "off": False, "unset": None}[setting(name, night)]
    own = agent("Linux", LATEST, auto_upgrade=auto_upgrade)
    region = "westeurope" if name.startswith("db-") else "japaneast"
    return machine(name, own, location=region, operations=_operations(name, own.name, night))


def _operations(name: str, extension: str, night: int) -> tuple[OperationSpec, ...]:
    if name != "db-2":
        return ()
    failed = OperationSpec(
        at(BROKE) - 9 * timedelta(hours=1), extension, outcome="Failed", error_code="VMExtensionProvisioningError"
    )
    mended = OperationSpec(at(HEALED) - 9 * timedelta(hours=1), extension)
    return tuple(each for each in (failed, mended) if each.started < at(night))


def estate_of(night: int) -> HandMadeEstate:
    """The estate as it is on that night."""
    there = [machine_of(name, night) for name in AGENTS if is_there(name, night)]
    stopped = OperationSpec(NOW - 6 * DAY, action="deallocate/action")
    asleep = machine(
        "asleep", agent("Linux", "1.33.4"), power="deallocated", agent=AgentView.READY, operations=(stopped,)
    )
    aging = machine("aging", agent("Linux", "1.36.1", auto_upgrade=False))
    shop = [each for each in there if each.name.startswith("web-")]
    ledger = [each for each in there if each.name.startswith("db-")]
    with_release = offers((*VERSIONS, YOUNG))["*"] if night >= NEW_RELEASE else offers()["*"]
    return HandMadeEstate(
        [
            subscription(SHOP, *shop, asleep, aging, name="Shop"),
            subscription(LEDGER, *ledger, name="Ledger", refused=night == REFUSED),
        ],
        now=at(night),
        offers={**offers(), "japaneast": with_release},
    )


# --- the week ---

SECRET = "a-secret-of-the-test"
COME_AGAIN = {"Retry-After": "17"}
STORM = (
    Fault(
        "Microsoft.ResourceGraph/resources",
        status=429,
        headers=COME_AGAIN,
        body=refusal("RateLimiting")["body"],
        times=3,
    ),
    Fault("/eventtypes/management/values", status=429, headers=COME_AGAIN, body=refusal("Throttled")["body"], times=2),
    Fault("/vmextension/types/", status=503, body="<html>Service Unavailable</html>", times=1),
)


@dataclass(frozen=True)
class Night:
    """What a night left behind when all its starts were over; ``codes`` and ``said`` (stderr) by start."""

    number: int
    codes: list[int]
    said: list[str]
    run: Mapping[str, Any]
    findings: list[dict[str, Any]]
    letter: str

    @property
    def run_id(self) -> str:
        return str(self.run["run_id"])

    def verdicts(self, subscription_id: str) -> Counter[str]:
        return Counter(each["status"] for each in self.findings if each["subscription_id"] == subscription_id)


@dataclass
class Week:
    """The one machine on which the auditor runs, and the world around it."""

    bench: Bench
    azure: Simulator
    sky: Happenings
    mail: MailServer
    nights: list[Night] = field(default_factory=list)
    surveys: Counter[int] = field(default_factory=Counter)
    """By night, how often its subscriptions were listed."""

    @property
    def folder(self) -> Path:
        return self.bench.folder

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def start(self, night: int) -> tuple[int, str]:
        """One start of the command line, to its end: its exit code and what it said on stderr.

        What is waited for here would only come the next day.
        """
        said = io.StringIO()
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            code = main(self._command(night), pause=Pauses())
        return code, said.getvalue()

    def killed(self, night: int, request: str) -> tuple[int, str]:
        """One start in a process of its own, which is killed at the next ``request``."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-m", "auditor", *self._command(night)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            self.sky.at(request, process.kill)
            _out, said = process.communicate(timeout=600)
        return process.returncode, said

    def _command(self, night: int) -> list[str]:
        place = ("--config", str(self.folder / "config.yaml"), "--output", str(self.folder / "report"))
        formats = ("--format", "html", "--format", "json")
        return ["run", *place, *formats, "--as-of", at(night).isoformat()]

    def note(self, night: int, *starts: tuple[int, str]) -> None:
        """Keep what the last start left in the output folder, which the next night replaces."""
        report = self.folder / "report"
        self.surveys[night] = self.azure.requests["subscriptions"] - self.surveys.total()
        self.nights.append(
            Night(
                night,
                [code for code, _said in starts],
                [" ".join(said.split()) for _code, said in starts],
                json.loads((report / "run.json").read_bytes()),
                json.loads((report / "findings.json").read_bytes()),
                (report / "letter.txt").read_text("utf-8"),
            )
        )

    def passes_to(self, night: int) -> None:
        """The estate changes, and with it what is accepted; the weather is fine again."""
        self.azure.become(estate_of(night))
        self.sky.set([])
        accepted = [ACCEPTANCE] if night >= ACCEPTED[1][0] else []
        (self.folder / "exemptions.yaml").write_text(yaml.safe_dump(accepted), "utf-8")


ACCEPTANCE = {
    "rule": "AMA-001",
    "resource": machine_id(ACCEPTED[0]),
    "owner": "Shop",
    "reason": "Is replaced on Wednesday",
    "ticket": "CHG-7",
    "expires": at(ACCEPTED[1][-1]).date(),
}


def no_mail(week: Week) -> None:
    """The mail server is away."""
    week.note(1, week.start(1))


def refused(week: Week) -> None:
    """A subscription refuses everything (see :func:`estate_of`); the mail server is there."""
    week.note(REFUSED, week.start(REFUSED))


def throttled(week: Week) -> None:
    week.sky.set(STORM)
    week.note(THROTTLED, week.start(THROTTLED))


def killed(week: Week) -> None:
    """In the midst of the audit; somebody starts it again."""
    first = week.killed(KILLED, rf"/subscriptions/{LEDGER}/.*/eventtypes/management/values")
    week.note(KILLED, first, week.start(KILLED))


def expired(week: Week) -> None:
    """The token, in the midst of the audit, and long before its time."""
    week.sky.at("/eventtypes/management/values", week.azure.expire_tokens)
    week.note(EXPIRED, week.start(EXPIRED))


def broken(week: Week) -> None:
    """The activity log of a subscription fails, and the mail server does not want the letter."""
    week.sky.set([Fault(rf"/subscriptions/{LEDGER}/.*/eventtypes/management/values", **refusal("Oh", "No.", 500))])
    week.mail.answers = ["554 5.7.1 Refused"]
    week.note(BROKEN, week.start(BROKEN))


def not_kept(week: Week) -> None:
    """The archive vanishes when machines are read again, and is back for the next start."""
    away = week.folder / "archive-away"
    week.sky.at("/virtualMachines/.*expand=instanceView", lambda: week.archive.rename(away))
    first = week.start(NOT_KEPT)
    assert not week.archive.exists(), "nothing was begun in its place"
    away.rename(week.archive)
    week.note(NOT_KEPT, first, week.start(NOT_KEPT))


THE_WEEK = (no_mail, refused, throttled, killed, expired, broken, not_kept)


def settings(mail: MailServer) -> dict[str, Any]:
    address = {
        "host": "127.0.0.1",
        "port": mail.port,
        "security": "none",
        "from": "a@example.com",
        "to": "b@example.com",
    }
    signed = {"credential": "client_secret", "tenant_id": STRANGER, "client_id": FIRST}
    return {
        "azure": {**signed, "client_secret": "${AUDITOR_SECRET}", "token": None},
        "archive": {"url": "file:./archive"},
        "deliver": [{"smtp": address}],
        "exemptions": "exemptions.yaml",
        "rules": {"AMA-005": {"enabled": False}},  # about versions a year old, which would fail beside AMA-002
        **IN_BULK,
    }
