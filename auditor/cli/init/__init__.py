"""``auditor init``: a place to start.

A configuration, a rule of one's own with its schema, an exemptions file, and what runs the audit every night.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ExitCode, OutputRefused, Problem, SettingsRefused

if TYPE_CHECKING:
    from auditor.cli.init.hosts import Host

CONFIG, EXEMPTIONS = Path("config.yaml"), Path("exemptions.yaml")
RULE, SCHEMA = Path("rules", "OWN-001.yaml"), Path("rules", "rule.schema.json")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="default: this one")
    parser.add_argument("--yes", action="store_true", help="ask nothing: every setting is the default")
    parser.set_defaults(command=_init)


def _init(arguments: argparse.Namespace) -> int:
    """Asks on a terminal, takes the defaults elsewhere; writes all of the files or, where one is there, none."""
    from auditor.cli.init.hosts import this_host
    from auditor.cli.init.questions import ask_all
    from auditor.cli.paper import put

    folder: Path = arguments.folder
    _refuse_existing(folder)
    answers = ask_all(folder, sys.stdin, sys.stderr) if sys.stdin.isatty() and not arguments.yes else {}
    host = this_host(folder)
    files = dict(_files(answers, host))
    _write(folder, files)
    put(
        [
            *(f"Wrote {folder / name}" for name in files),
            *_secrets(answers),
            "",
            "Next:",
            *_commands(folder),
            *_nightly(folder, host),
        ]
    )
    return int(ExitCode.DELIVERED)


def _write(folder: Path, files: Mapping[Path, str]) -> None:
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise OutputRefused(f"{folder} could not be filled ({error}): see that it may be written to.") from error


def _refuse_existing(folder: Path) -> None:
    from auditor.cli.init.hosts import HOST_FILES

    sentence = "exists already, and nothing was written: name another folder, or move it away"
    there = [folder / name for name in (CONFIG, EXEMPTIONS, RULE, SCHEMA, *HOST_FILES) if (folder / name).exists()]
    if there:
        raise SettingsRefused([Problem(str(path), 0, "", sentence) for path in there])


def _files(answers: Mapping[str, str], host: Host) -> Iterator[tuple[Path, str]]:
    import json

    from auditor.cli.init.hosts import host_files
    from auditor.cli.init.template import commented_out, filled, switched_on
    from auditor.resources import config_example, rules_folder
    from auditor.settle.schema import rule_schema

    example = config_example().read_text(encoding="utf-8")
    config = filled(example, {**answers, "exemptions": str(EXEMPTIONS)})
    config = switched_on(config, "archive", {"url": json.dumps(host.archive)})
    yield CONFIG, switched_on(config, "schedule", {"from": '"02:00"', "until": '"06:00"'})
    yield EXEMPTIONS, commented_out((rules_folder() / "exemptions.example.yaml").read_text(encoding="utf-8"))
    yield RULE, (rules_folder() / "OWN-001.example.yaml").read_text(encoding="utf-8")
    yield SCHEMA, json.dumps(rule_schema(), indent=1) + "\n"
    yield from host_files(host)


def _secrets(answers: Mapping[str, str]) -> Iterator[str]:
    from auditor.model.settings import SECRETS

    for key in sorted(SECRETS & answers.keys()):
        yield f"The {key.replace('_', ' ')} is read from the environment: set {answers[key][2:-1]} before each run."


def _commands(folder: Path) -> Iterator[str]:
    program = ["auditor"] if Path(sys.argv[0]).stem == "auditor" else ["python", "-m", "auditor"]
    rules = str(folder / RULE.parent)
    yield "  " + shlex.join([*program, "rules", "test", "--rules", rules])
    yield "  " + shlex.join([*program, "doctor", "--config", str(folder / CONFIG), "--rules", rules])
    yield "  " + shlex.join([*program, "run", "--config", str(folder / CONFIG), "--rules", rules])


def _nightly(folder: Path, host: Host) -> Iterator[str]:
    units, crontab = shlex.join([str(folder / "systemd")]), shlex.join([str(folder / "crontab")])
    as_root = "" if host.made_up else "sudo "
    yield from ("", "And every night, once that went well, by systemd or else by cron:")
    yield f"  {as_root}cp {units}/auditor* /etc/systemd/system/ && {as_root}systemctl enable --now auditor.timer"
    yield f"  {{ crontab -l; cat {crontab}; }} | crontab -"
