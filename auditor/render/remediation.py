"""remediation/: for each kind of fix one script a shell, for all failing rows of the night.

The designs lie in ``reports/remediation``; what is put into them is quoted here. A script tells what it would do until
it is asked to do it. It comes together as findings do: its steps are kept in a file without a name, and its head, which
counts them, is written when all findings are told.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO

from auditor.model.quoting import posix, powershell
from auditor.model.remedy import Act, Script, Step
from auditor.model.report import Finding, Report
from auditor.model.verdict import Status
from auditor.render.batch import Batch, Take
from auditor.render.text import one_line, utc_text
from auditor.resources import reports_folder

FOLDER = "remediation"
SUBSCRIPTIONS_NAMED = 200
"""Subscriptions that a head names; it counts the rest."""
_WIDTH = 110


@dataclass(frozen=True)
class Shell:
    """How one shell's scripts are written; ``step`` has the places label, act and arguments."""

    ending: str
    first_line: str
    quote: Callable[[str], str]
    step: str
    between: str
    count: str
    last_line: str
    apply: str
    needs: str


SHELLS = (
    Shell(
        "sh", "#!/usr/bin/env bash\n", posix, "step {} {} {}\n", " ", "{}={}", "finish\n", "--apply", "az, signed in"
    ),
    Shell(
        "ps1",
        "",
        powershell,
        "Step {} {} @({})\n",
        ", ",
        "${} = {}",
        "Complete-Run\n",
        "-Apply",
        "the module Az, signed in",
    ),
)


@dataclass
class _Tally:
    """What a head tells: steps by what they do, findings by rule, machines by subscription."""

    acts: Counter[Act] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    machines: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        self.rules[finding.rule_id] += 1
        where = (finding.subscription_name or "", finding.subscription_id or "")
        self.machines.setdefault(where, set()).add((finding.machine_id or "").lower())


class _Draft:
    """One kind of script while the findings come: its steps for each shell, each of them once."""

    def __init__(self, script: Script, opened: ExitStack) -> None:
        self.script, self.tally = script, _Tally()
        self.steps: list[tuple[Shell, IO[str]]] = [(shell, opened.enter_context(_nameless())) for shell in SHELLS]
        self._seen: set[tuple[str, ...]] = set()

    def add(self, finding: Finding, steps: list[Step]) -> None:
        """A row that is mended by what another row asked for already is counted with it."""
        self.tally.add(finding)
        for step in steps:
            key = (step.act, *(each.lower() for each in step.arguments))
            if key in self._seen:
                continue
            self._seen.add(key)
            self.tally.acts[step.act] += 1
            for shell, file in self.steps:
                file.write(_line(shell, finding, step))


@contextmanager
def remediation(report: Report, folder: Path) -> Iterator[Take]:
    """Keep what failing rows ask the scripts for, and write the scripts that have something to do. Raises OSError."""
    with ExitStack() as opened:
        drafts: dict[Script, _Draft] = {}

        def take(batch: Batch) -> None:
            for finding in batch.findings:
                for script, steps in _by_script(finding).items():
                    if script not in drafts:
                        drafts[script] = _Draft(script, opened)
                    drafts[script].add(finding, steps)

        yield take
        for draft in drafts.values():
            folder.mkdir(exist_ok=True)
            for shell, steps in draft.steps:
                _write(report, draft, shell, steps, folder / f"{draft.script}.{shell.ending}")


def _nameless() -> IO[str]:
    return TemporaryFile("w+", encoding="utf-8", newline="\n")


def _by_script(finding: Finding) -> Mapping[Script, list[Step]]:
    if finding.status is not Status.FAIL or finding.remedy is None:
        return {}
    found: dict[Script, list[Step]] = {}
    for step in finding.remedy.steps:
        found.setdefault(step.act.script, []).append(step)
    return found


def _line(shell: Shell, finding: Finding, step: Step) -> str:
    """A call of the script's own function; the label is for people, and on one line."""
    where = ", ".join(filter(None, (finding.subscription_name, finding.availability)))
    label = one_line(f"{finding.machine_name or finding.machine_id} ({where})")
    arguments = shell.between.join(map(shell.quote, step.arguments))
    return shell.step.format(shell.quote(label), step.act, arguments)


def _write(report: Report, draft: _Draft, shell: Shell, steps: IO[str], path: Path) -> None:
    design = (reports_folder() / FOLDER / path.name).read_text(encoding="utf-8")
    common = (reports_folder() / FOLDER / f"common.{shell.ending}").read_text(encoding="utf-8")
    counts = {"steps": draft.tally.acts.total(), **{f"{act}_steps": draft.tally.acts[act] for act in Act}}
    design = design.replace("@counts@", "\n".join(shell.count.format(name, count) for name, count in counts.items()))
    query = " ".join((reports_folder() / FOLDER / "anew.jmespath").read_text(encoding="utf-8").split())
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(shell.first_line)
        file.writelines(f"# {line}".rstrip() + "\n" for line in _head(report, draft, shell))
        file.write(f"\n{design.replace('@query@', query)}{common}\n")
        steps.seek(0)
        copyfileobj(steps, file)
        file.write(shell.last_line)
    if shell.first_line:
        path.chmod(0o755)


def _head(report: Report, draft: _Draft, shell: Shell) -> Iterator[str]:
    """What the script will touch: the lines of a comment, in which names from Azure stay on their line."""
    words, tally = report.words, draft.tally
    what = {
        Script.ENABLE: words["script_enable"],
        Script.UPGRADE: words["script_upgrade"],
        Script.UPDATE: words["script_update"],
    }
    rules = ", ".join(f"{rule}: {count}" for rule, count in sorted(tally.rules.items()))
    steps, findings = tally.acts.total(), tally.rules.total()
    machines = sum(len(each) for each in tally.machines.values())
    yield f"{draft.script}: " + words["script_dry"].format(apply=shell.apply, needs=shell.needs)
    yield from textwrap.wrap(what[draft.script], _WIDTH)
    yield ""
    told = {key: one_line(str(report.run.get(key, ""))) for key in ("tool", "run_id")}
    yield words["script_run"].format(as_of=utc_text(report.as_of), **told)
    yield words["script_steps"].format(steps=f"{steps:,}", findings=f"{findings:,}", rules=rules)
    yield words["script_where"].format(machines=f"{machines:,}", subscriptions=f"{len(tally.machines):,}")
    ordered = sorted(tally.machines.items(), key=lambda told: told[0])
    for (name, identifier), on in ordered[:SUBSCRIPTIONS_NAMED]:
        yield f"  - {one_line(name)} ({one_line(identifier)}): {len(on):,}"
    if len(ordered) > SUBSCRIPTIONS_NAMED:
        yield "  - ..."
