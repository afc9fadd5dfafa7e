"""The command line. Nothing heavy is imported before a command needs it: ``--help`` and mistakes answer at once."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.errors import AuditorError, ExitCode, ExtraMissing, OutputRefused, Problem, SettingsRefused
from auditor.model.verdict import Severity

if TYPE_CHECKING:
    from auditor.model.run import Order
    from auditor.settle import Settled

FORMATS = ("html", "xlsx", "json", "csv", "parquet")
NOT_YET = {
    "collect": "gathers only, for a later evaluate",
    "evaluate": "judges and renders what collect gathered",
    "doctor": "says which source answers, and which right closes each gap",
    "rules": "lists, shows and tests rules",
    "datasets": "describes the frames that rules read",
    "history": "compares nights",
    "init": "writes a configuration to start from",
}
_DEMO_MACHINES = 60
_DEMO_SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (see :class:`auditor.errors.ExitCode`)."""
    parsed = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        return command(parsed)
    except AuditorError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
        return int(error.exit_code)
    except ModuleNotFoundError as error:
        print(_not_installed(error), file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
        return int(ExitCode.SETTINGS_REFUSED)
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="auditor",
        description="A read-only audit of Azure virtual machine extensions.",
        epilog="Exit codes: 0 delivered, 2 settings refused, 3 nothing collected, 4 not delivered, 5 incomplete, "
        "6 out of time, 10 findings at or above --fail-on.",
    )
    parser.add_argument("--version", action="version", version=f"auditor {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands.add_parser("run", help="audit the configured estate and write the report"))
    _add_demo(commands.add_parser("demo", help="audit a small simulated estate, through the same code"))
    _add_simulate(commands.add_parser("simulate", help="serve a simulated Azure on loopback until interrupted"))
    for name, what in NOT_YET.items():
        # Its own options are not built either: whatever follows is taken as it is, and answered with "not yet".
        later = commands.add_parser(name, help=f"not yet: {what}", prefix_chars="\0", add_help=False)
        later.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
        later.set_defaults(command=_not_yet, name=name)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE")
    _add_output(parser, "audit-report")
    parser.add_argument(
        "--rules", type=Path, action="append", default=[], metavar="PATH", help="rules beside the shipped (repeatable)"
    )
    parser.add_argument("--only-rules", action="store_true", help="leave the shipped rules out")
    parser.add_argument("--subscription", action="append", default=[], metavar="ID", help="only these (repeatable)")
    parser.add_argument("--as-of", type=_time, metavar="TIME", help="judge, and count as read, at this time")
    parser.add_argument(
        "--fail-on", choices=[str(each) for each in Severity], help="end with 10 on findings of this severity or graver"
    )
    parser.add_argument("--no-deliver", action="store_true", help="write the report and send nothing")
    parser.set_defaults(command=_run)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    _add_output(parser, "audit-demo")
    parser.set_defaults(command=_demo)


def _add_output(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--output", type=Path, default=Path(default), metavar="DIR", help=f"default: {default}")
    parser.add_argument("--format", action="append", choices=FORMATS, help="default: all (repeatable)")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="tell every wait, and the time that has passed")
    loudness.add_argument("-q", "--quiet", action="store_true", help="no progress; the summary only")


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--estate", type=_count, default=_DEMO_MACHINES, metavar="SIZE", help="machines")
    parser.add_argument("--seed", type=int, default=_DEMO_SEED, metavar="N")
    parser.add_argument("--port", type=_count, default=0, help="default: a free one")
    parser.add_argument("--write-config", type=Path, required=True, metavar="FILE", help="a config for run --config")
    parser.add_argument("--quotas", action="store_true", help="enforce Azure's published quotas")
    parser.add_argument("--latency", type=float, default=0, metavar="MS")
    parser.add_argument("--weather", default="clear", metavar="NAME")
    parser.set_defaults(command=_simulate)


def _time(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is refused: it would mean another night elsewhere."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write it as 2026-11-22T02:00Z") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone: write it as {moment.isoformat()}Z for UTC")
    return moment.astimezone(UTC)


def _count(text: str) -> int:
    """A whole number from 0 up, as a port and a size of an estate are."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def _not_yet(arguments: argparse.Namespace) -> int:
    what = NOT_YET[arguments.name]
    sentence = f"not yet: this command {what}. What is built: run, demo, simulate."
    raise SettingsRefused([Problem(f"auditor {arguments.name}", 0, "", sentence)])


def _run(arguments: argparse.Namespace) -> int:
    from auditor.settle import settle

    settled = settle(
        arguments.config,
        rules=arguments.rules,
        only_rules=arguments.only_rules,
        subscriptions=arguments.subscription,
        environ=os.environ,
    )
    order = _order(settled, arguments, arguments.as_of or datetime.now(UTC))
    return _night(order, arguments)


def _order(settled: Settled, arguments: argparse.Namespace, as_of: datetime) -> Order:
    from auditor.model.run import Order

    return Order(
        settings=settled.settings,
        rulebook=settled.rulebook,
        config_hash=settled.config_hash,
        output=arguments.output,
        formats=tuple(dict.fromkeys(arguments.format or FORMATS)),
        as_of=as_of,
        fixed_clock=getattr(arguments, "as_of", None) is not None,
        fail_on=Severity(fail_on) if (fail_on := getattr(arguments, "fail_on", None)) else None,
    )


def _night(order: Order, arguments: argparse.Namespace) -> int:
    """One night with talk on stderr and the summary on stdout."""
    from auditor.render.console import ConsoleNarrator, Level, print_summary

    level = Level.QUIET if arguments.quiet else Level.VERBOSE if arguments.verbose else Level.NORMAL
    narrator = ConsoleNarrator(sys.stderr, level)
    narrator.stage("settle", f"{len(order.rulebook.rules)} rules, {len(order.rulebook.exemptions)} exemptions")
    from auditor.nightly import night  # the second or so that pandas and the SDK take comes after the first line

    result = night(order, narrator)
    print_summary(result.report, result.folder, sys.stdout)
    return int(result.exit_code)


def _demo(arguments: argparse.Namespace) -> int:
    """The same night as ``run``, over a simulated estate; ends with 0 although one subscription refuses."""
    try:
        from auditor.simulator import PRESETS, SeededEstate, Simulator
    except ImportError as error:
        raise _no_simulator(error) from error
    from auditor.settle import settle

    now = datetime.now(UTC).replace(microsecond=0)
    estate = SeededEstate(_DEMO_MACHINES, now=now, seed=_DEMO_SEED)
    weather = PRESETS["one_machine_500"]
    with tempfile.TemporaryDirectory(prefix="auditor-demo-") as folder, Simulator(estate, weather=weather) as azure:
        config = azure.write_config(Path(folder) / "config.yaml")
        environ: Mapping[str, str] = {**os.environ, "AUDITOR_ACCESS_TOKEN": "demo"}
        code = _night(_order(settle(config, environ=environ), arguments, now), arguments)
    incomplete = code in (ExitCode.INCOMPLETE, ExitCode.DELIVERED)
    return int(ExitCode.DELIVERED) if incomplete else code


def _simulate(arguments: argparse.Namespace) -> int:
    try:
        from auditor.simulator import PRESETS, serve
    except ImportError as error:
        raise _no_simulator(error) from error
    if arguments.weather not in PRESETS:
        names = ", ".join(PRESETS)
        raise OutputRefused(f"The simulated Azure was not started: --weather {arguments.weather} is none of {names}.")
    try:
        arguments.write_config.parent.mkdir(parents=True, exist_ok=True)
        serve(
            now=datetime.now(UTC).replace(microsecond=0),
            estate=arguments.estate,
            seed=arguments.seed,
            port=arguments.port,
            write_config=arguments.write_config,
            quotas=arguments.quotas,
            latency_ms=arguments.latency,
            weather=arguments.weather,
        )
    except (OSError, OverflowError, ValueError) as error:
        raise OutputRefused(f"The simulated Azure was not started: {error}.") from error
    return int(ExitCode.DELIVERED)


def _not_installed(error: ModuleNotFoundError) -> str:
    return (
        f"Nothing was done: this Python ({sys.executable}) has no package {error.name}. "
        "Install the auditor into it (python -m pip install .), or run the Python of the environment that has it."
    )


def _no_simulator(error: ImportError) -> ExtraMissing:
    return ExtraMissing(
        f"The simulated Azure was not started: the package {error.name} is missing. "
        "Install it with: python -m pip install 'azure-extension-auditor[demo]'"
    )
