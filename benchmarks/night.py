"""One whole night over a simulated estate: seconds by stage, peak memory, requests by kind.

The simulated Azure runs in a process of its own; the night is ``python -m auditor run`` in another.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path


def serve(machines: int, subscriptions: int, config: str, ready: Event, done: Event) -> None:
    """Serve a seeded estate until ``done``; ``config`` is written once it answers."""
    from auditor.simulator import SeededEstate, Simulator

    now = datetime.now(UTC).replace(microsecond=0)
    estate = SeededEstate(machines, now=now, subscriptions=subscriptions, refused=0)
    with Simulator(estate) as azure:
        azure.write_config(config)
        ready.set()
        done.wait()


def without_heartbeats(config: Path) -> None:
    """Heartbeats are written by the simulator's own database; leave them out to measure the auditor."""
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"(?ms)^  heartbeats:.*?(?=^\S|\Z)", "", text), encoding="utf-8")


def measure(config: Path, output: Path) -> tuple[float, float, int]:
    """Wall seconds, peak MiB and exit code of the night's process."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "auditor", "run", "--config", str(config), "--output", str(output), "--quiet"]
    environment = {**os.environ, "AUDITOR_ACCESS_TOKEN": "benchmark"}
    process = os.spawnve(os.P_NOWAIT, sys.executable, command, environment)  # noqa: S606
    _pid, status, usage = os.wait4(process, 0)
    return time.perf_counter() - began, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=5_000)
    parser.add_argument("--subscriptions", type=int, default=10)
    parser.add_argument("--heartbeats", action="store_true", help="read the workspaces too")
    arguments = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    with tempfile.TemporaryDirectory(prefix="auditor-benchmark-") as folder:
        config, output = Path(folder) / "config.yaml", Path(folder) / "report"
        server = spawn.Process(
            target=serve, args=(arguments.machines, arguments.subscriptions, str(config), ready, done)
        )
        server.start()
        try:
            if not ready.wait(120):
                sys.exit("The simulated Azure did not answer within two minutes.")
            if not arguments.heartbeats:
                without_heartbeats(config)
            seconds, peak, code = measure(config, output)
            show(json.loads((output / "run.json").read_bytes()), seconds, peak, code)
        finally:
            done.set()
            server.join(20)


def show(run: dict[str, object], seconds: float, peak: float, code: int) -> None:
    machines, requests, stages = run["machines"], run["requests"], run["seconds"]
    assert isinstance(machines, dict) and isinstance(requests, dict) and isinstance(stages, dict)  # noqa: S101
    rows = [("machines", f"{sum(machines.values()):,}"), ("exit code", str(code))]
    rows += [("whole night, s", f"{seconds:.1f}"), ("peak memory, MiB", f"{peak:.0f}")]
    rows += [(f"  {name}, s", f"{took:.1f}") for name, took in stages.items()]
    rows += [(f"requests, {source}", f"{told['sent']:,}") for source, told in requests.items() if told["sent"]]
    for name, value in rows:
        print(f"{name:<34}{value:>12}")


if __name__ == "__main__":
    main()
