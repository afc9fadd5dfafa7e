"""A whole estate: the auditor beside the floor and an afternoon script, everything in one run.

70 % virtual machines, 20 % scale-set instances, 10 % Arc-enabled servers, in 15 regions, 50 ms latency. Each of the
three is a process of its own, start-up and reports included; the simulated Azure serves from another. "A later night"
is the auditor's second one over the same archive: a first night knows no failure, and reads each new one again. Then
the same with the published quotas enforced.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SIZES = ((2_000, 10), (20_000, 50))
LATENCY_MS = 50.0


class Measured(NamedTuple):
    """One process: seconds by the wall, seconds of processor, peak MiB, exit code, and the requests it made by kind."""

    seconds: float
    busy: float
    peak: float
    code: int
    requests: Mapping[str, int]


def serve(machines: int, subscriptions: int, quotas: bool, config: str, line: Connection) -> None:
    """Serve a seeded estate; each message is answered with the requests counted since the last one, None ends it."""
    from auditor.simulator import SeededEstate, Simulator

    now = datetime.now(UTC).replace(microsecond=0)
    estate = SeededEstate(machines, now=now, subscriptions=subscriptions, refused=0)
    with Simulator(estate, quotas=quotas, latency_ms=LATENCY_MS) as azure:
        azure.warm()
        azure.write_config(config)
        line.send(None)
        while line.recv() is not None:
            line.send(dict(azure.requests.snapshot()))
            azure.requests.clear()


def measure(command: Sequence[str], line: Connection) -> Measured:
    line.send("clear")
    line.recv()
    began = time.perf_counter()
    environment = {**os.environ, "AUDITOR_ACCESS_TOKEN": "benchmark"}
    process = os.spawnve(os.P_NOWAIT, sys.executable, [sys.executable, *command], environment)  # noqa: S606 - wait4 tells its memory
    _pid, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - began
    line.send("tell")
    busy = usage.ru_utime + usage.ru_stime
    return Measured(seconds, busy, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), line.recv())


def compare(machines: int, subscriptions: int, quotas: bool, afternoon: bool) -> None:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with tempfile.TemporaryDirectory(prefix="auditor-benchmark-") as folder:
        config, output = Path(folder) / "config.yaml", Path(folder) / "report"
        server = spawn.Process(target=serve, args=(machines, subscriptions, quotas, str(config), theirs))
        server.start()
        try:
            while not ours.poll(1):
                if not server.is_alive():
                    sys.exit("The simulated Azure did not start.")
            ours.recv()
            told = {} if quotas else {"floor": measure([str(HERE / "floor.py"), str(config)], ours)}
            run = ["-m", "auditor", "run", "--config", str(config), "--output", str(output), "--quiet"]
            told["auditor"] = measure(run, ours)
            if not quotas:
                config.write_text(f"{config.read_text('utf-8')}\narchive: {{url: 'file:./archive'}}\n", "utf-8")
                yesterday = datetime.now(UTC) - timedelta(days=1)
                measure([*run, "--as-of", yesterday.isoformat(timespec="seconds")], ours)
                told["a later night"] = measure(run, ours)
            if afternoon:
                script = [str(HERE / "afternoon.py"), str(config), str(Path(folder) / "afternoon.xlsx")]
                told["afternoon script"] = measure(script, ours)
            title = f"{machines:,} machines, {subscriptions} subscriptions, {LATENCY_MS:.0f} ms"
            show(
                f"{title}{', quotas enforced' if quotas else ''}", told, json.loads((output / "run.json").read_bytes())
            )
        finally:
            if server.is_alive():
                ours.send(None)
            server.join(20)


def show(title: str, told: Mapping[str, Measured], run: Mapping[str, Any]) -> None:
    print(f"\n{title}\n{'':<30}" + "".join(f"{name:>18}" for name in told))
    line("seconds", [f"{each.seconds:.1f}" for each in told.values()])
    line("  of its own processor", [f"{each.busy:.1f}" for each in told.values()])
    line("peak memory, MiB", [f"{each.peak:.0f}" for each in told.values()])
    line("exit code", [str(each.code) for each in told.values()])
    line("requests", [f"{sum(each.requests.values()):,}" for each in told.values()])
    for kind in sorted({kind for each in told.values() for kind in each.requests}):
        line(f"  {kind}", [f"{each.requests.get(kind, 0):,}" for each in told.values()])
    throttled = sum(each["throttled"] for each in run["requests"].values())
    print(f"  auditor: throttled {throttled}, confirmed {run['confirmed']}, machines {run['machines']}")
    print("  auditor, s by stage: " + ", ".join(f"{name} {took:.1f}" for name, took in run["seconds"].items()))


def line(name: str, cells: Sequence[str]) -> None:
    print(f"{name:<30}" + "".join(f"{each:>18}" for each in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the small estate only")
    parser.add_argument(
        "--without-script", action="store_true", help="leave the afternoon script out: it takes minutes"
    )
    arguments = parser.parse_args()
    for quotas in (False, True):
        for machines, subscriptions in SIZES[:1] if arguments.small else SIZES:
            compare(machines, subscriptions, quotas, afternoon=not (quotas or arguments.without_script))


if __name__ == "__main__":
    main()
