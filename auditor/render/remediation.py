"""remediation/: for each kind of fix one script a shell, for all failing rows of the night.

The designs lie in ``reports/remediation``; what is put into them is quoted here. A script tells what it would do until
it is asked to do it. It comes together as findings do: its steps are kept in a file without a name, and its head, which
counts them, is written when all findings are told. What an exemption accepts is left alone, whichever row asks for it.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from auditor.catalogue import Catalogue
from auditor.model.quoting import posix, powershell
from auditor.model.remedy import Act, Script, Step
from auditor.model.report import Finding, Report
from auditor.model.verdict import Status
from auditor.render import designs
from auditor.render.batch import Batch, Take
from auditor.render.text import one_line, utc_text

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


Key = tuple[str, ...]
"""A step as it is compared: its act, and its arguments in lower case."""


class _Row(NamedTuple):
    """A failing row: what it asks for, and what a head tells of it."""

    steps: tuple[Key, ...]
    rule: str
    subscription: tuple[str, str]
    machine: str

    @classmethod
    def of(cls, finding: Finding, steps: Iterable[Step]) -> _Row:
        where = (finding.subscription_name or "", finding.subscription_id or "")
        return cls(tuple(map(_key, steps)), finding.rule_id, where, (finding.machine_id or "").lower())

    @property
    def scripts(self) -> frozenset[Script]:
        return frozenset(Act(key[0]).script for key in self.steps)


@dataclass
class _Tally:
    """What a head tells: steps by what they do, findings by rule, machines by subscription; rows that are left out."""

    acts: Counter[Act] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    machines: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    left_out: int = 0

    def add(self, row: _Row) -> None:
        self.rules[row.rule] += 1
        self.machines.setdefault(row.subscription, set()).add(row.machine)


class _Accepted:
    """What exemptions accept as it is: no script changes it, whichever row asks for it."""

    def __init__(self) -> None:
        self._steps: set[Key] = set()
        self._sets: set[Key] = set()

    def add(self, steps: Iterable[Step]) -> None:
        self._steps.update(map(_key, steps))
        # Who updates every instance of a scale set updates the accepted one too.
        self._sets.update(_key(step)[1:-1] for step in steps if step.act is Act.UPDATE_ONE)

    def __contains__(self, key: Key) -> bool:
        return key in self._steps or (key[0] == Act.UPDATE_BEHIND and key[1:] in self._sets)


class _Draft:
    """The scripts while the findings come: their rows, and their steps for each shell, each of them once.

    What is accepted comes after what fails, so that only the end tells which steps stay.
    """

    def __init__(self, opened: ExitStack) -> None:
        self.accepted = _Accepted()
        self._rows = opened.enter_context(_nameless())
        self._lines = {(script, shell): opened.enter_context(_nameless()) for script in Script for shell in SHELLS}
        self._steps: dict[Key, bool] = {}
        """Whether each is done, in the order of its script's lines."""

    def add(self, finding: Finding, steps: Sequence[Step]) -> None:
        self._rows.write(json.dumps(_Row.of(finding, steps)) + "\n")
        for step in steps:
            if _key(step) not in self._steps:
                self._steps[_key(step)] = False
                for shell in SHELLS:
                    self._lines[step.act.script, shell].write(_line(shell, finding, step))

    def tallies(self) -> Mapping[Script, _Tally]:
        """A row of which anything is accepted is left out whole; what another row asks for is done for that one."""
        told = {script: _Tally() for script in Script}
        for row in self._told():
            if any(key in self.accepted for key in row.steps):
                for script in row.scripts:
                    told[script].left_out += 1
                continue
            self._steps.update(dict.fromkeys(row.steps, True))
            for script in row.scripts:
                told[script].add(row)
        for act, done in ((Act(key[0]), done) for key, done in self._steps.items()):
            told[act.script].acts[act] += done
        return told

    def lines(self, script: Script, shell: Shell) -> Iterator[str]:
        """The steps that are done."""
        file = self._lines[script, shell]
        file.seek(0)
        stays = (done for key, done in self._steps.items() if Act(key[0]).script is script)
        yield from compress(file, stays)

    def _told(self) -> Iterator[_Row]:
        self._rows.seek(0)
        for line in self._rows:
            steps, rule, where, machine = json.loads(line)
            yield _Row(tuple(map(tuple, steps)), rule, tuple(where), machine)


@contextmanager
def remediation(report: Report, folder: Path) -> Iterator[Take]:
    """Keep what failing rows ask the scripts for, and write the scripts that have something to do. Raises OSError."""
    with ExitStack() as opened:
        draft = _Draft(opened)

        def take(batch: Batch) -> None:
            for finding in batch.findings:
                steps = finding.remedy.steps if finding.remedy else ()
                if steps and finding.status is Status.FAIL:
                    draft.add(finding, steps)
                elif finding.status is Status.EXEMPT:
                    draft.accepted.add(steps)

        yield take
        for script, tally in draft.tallies().items():
            if tally.rules:
                folder.mkdir(exist_ok=True)
                for shell in SHELLS:
                    _write(report, script, tally, shell, draft.lines(script, shell), folder)


def _key(step: Step) -> Key:
    return (step.act, *(each.lower() for each in step.arguments))


def _nameless() -> IO[str]:
    return TemporaryFile("w+", encoding="utf-8", newline="\n")


def _line(shell: Shell, finding: Finding, step: Step) -> str:
    """A call of the script's own function; the label is for people, and on one line."""
    where = ", ".join(filter(None, (finding.subscription_name, finding.availability)))
    label = one_line(f"{finding.machine_name or finding.machine_id} ({where})")
    arguments = shell.between.join(map(shell.quote, step.arguments))
    return shell.step.format(shell.quote(label), step.act, arguments)


def _write(report: Report, script: Script, tally: _Tally, shell: Shell, lines: Iterable[str], folder: Path) -> None:
    path = folder / f"{script}.{shell.ending}"
    design = designs.text(f"{FOLDER}/{path.name}")
    common = designs.text(f"{FOLDER}/common.{shell.ending}")
    counts = {"steps": tally.acts.total(), **{f"{act}_steps": tally.acts[act] for act in Act}}
    design = design.replace("@counts@", "\n".join(shell.count.format(name, count) for name, count in counts.items()))
    query = " ".join(designs.text(f"{FOLDER}/anew.jmespath").split())
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(shell.first_line)
        file.writelines(f"# {line}".rstrip() + "\n" for line in _head(report, script, tally, shell))
        file.write(f"\n{design.replace('@query@', query)}{common}\n")
        file.writelines(lines)
        file.write(shell.last_line)
    if shell.first_line:
        path.chmod(0o755)


def _head(report: Report, script: Script, tally: _Tally, shell: Shell) -> Iterator[str]:
    """What the script will touch: the lines of a comment, in which names from Azure stay on their line."""
    words, catalogue = report.words, Catalogue(report.language)
    what = {
        Script.ENABLE: words["script_enable"],
        Script.UPGRADE: words["script_upgrade"],
        Script.UPDATE: words["script_update"],
    }
    number, listed = catalogue.number, catalogue.listed
    rules = listed(f"{rule}: {number(count)}" for rule, count in sorted(tally.rules.items()))
    steps, findings = tally.acts.total(), tally.rules.total()
    machines = sum(len(each) for each in tally.machines.values())
    yield f"{script}: " + words["script_dry"].format(apply=shell.apply, needs=shell.needs)
    yield from textwrap.wrap(what[script], _WIDTH)
    yield ""
    told = {key: one_line(str(report.run.get(key, ""))) for key in ("tool", "run_id")}
    yield words["script_run"].format(as_of=utc_text(report.as_of), **told)
    if tally.left_out:
        yield words["script_accepted"].format(rows=number(tally.left_out))
    yield words["script_steps"].format(steps=number(steps), findings=number(findings), rules=rules)
    yield words["script_where"].format(machines=number(machines), subscriptions=number(len(tally.machines)))
    ordered = sorted(tally.machines.items(), key=lambda told: told[0])
    for (name, identifier), on in ordered[:SUBSCRIPTIONS_NAMED]:
        yield f"  - {one_line(name)} ({one_line(identifier)}): {number(len(on))}"
    if len(ordered) > SUBSCRIPTIONS_NAMED:
        yield "  - ..."
