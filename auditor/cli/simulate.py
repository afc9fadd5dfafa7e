"""``auditor simulate``: serve a simulated Azure on loopback until interrupted."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from auditor.cli.arguments import count
from auditor.errors import ExitCode, ExtraMissing, OutputRefused

DEMO_MACHINES = 60
DEMO_SEED = 1


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--estate", type=count, default=DEMO_MACHINES, metavar="SIZE", help=f"machines; default: {DEMO_MACHINES}"
    )
    parser.add_argument("--seed", type=int, default=DEMO_SEED, metavar="N", help="another estate for each number")
    parser.add_argument("--port", type=count, default=0, help="default: a free one")
    parser.add_argument("--write-config", type=Path, required=True, metavar="FILE", help="a config for run --config")
    parser.add_argument("--quotas", action="store_true", help="enforce Azure's published quotas")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="how long each answer takes")
    parser.add_argument(
        "--weather", default="clear", metavar="NAME", help="faults, such as storm or slow; a wrong name lists them all"
    )
    parser.add_argument("--role", type=Path, metavar="FILE", help="the rights, as doctor --role prints them")
    parser.set_defaults(command=_simulate)


def _simulate(arguments: argparse.Namespace) -> int:
    try:
        from auditor.simulator import PRESETS, serve
    except ImportError as error:
        raise no_simulator(error) from error
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
            role=arguments.role,
        )
    except (OSError, OverflowError, ValueError) as error:
        raise OutputRefused(f"The simulated Azure was not started: {error}.") from error
    return int(ExitCode.DELIVERED)


def no_simulator(error: ImportError) -> ExtraMissing:
    return ExtraMissing(
        f"The simulated Azure was not started: the package {error.name} is missing. "
        "Install it with: python -m pip install 'azure-extension-auditor[demo]'"
    )
