"""``auditor demo``: audit a small simulated estate, through the same code."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from auditor.cli.arguments import add_output
from auditor.cli.running import order_of, run_night
from auditor.cli.simulate import DEMO_MACHINES, DEMO_SEED, no_simulator
from auditor.errors import ExitCode


def add(parser: argparse.ArgumentParser) -> None:
    add_output(parser, "audit-demo")
    parser.set_defaults(command=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    """The same night as ``run``, over a simulated estate; ends with 0 although one subscription refuses."""
    try:
        from auditor.simulator import PRESETS, SeededEstate, Simulator
    except ImportError as error:
        raise no_simulator(error) from error
    from auditor.settle import settle

    now = datetime.now(UTC).replace(microsecond=0)
    estate = SeededEstate(DEMO_MACHINES, now=now, seed=DEMO_SEED)
    weather = PRESETS["one_machine_500"]
    with tempfile.TemporaryDirectory(prefix="auditor-demo-") as folder, Simulator(estate, weather=weather) as azure:
        config = azure.write_config(Path(folder) / "config.yaml")
        environ: Mapping[str, str] = {**os.environ, "AUDITOR_ACCESS_TOKEN": "demo"}
        code = run_night(order_of(settle(config, environ=environ), arguments, now), arguments)
    incomplete = code in (ExitCode.INCOMPLETE, ExitCode.DELIVERED)
    return int(ExitCode.DELIVERED) if incomplete else code
