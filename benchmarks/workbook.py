"""How long report.xlsx takes, and how much memory, beside plain openpyxl writing the same cells.

Each run is a process of its own, so that memory is its peak as the operating system counts it; what the imports alone
take is told too. Every row fails, as in the worst night: rows that pass are left to verdicts.parquet.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

AS_OF = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
COLUMNS = 20
"""Of the reference; the worksheet of the findings has more."""


class Measured(NamedTuple):
    """One process: seconds by the wall, peak MiB, size of the file in MB."""

    seconds: float
    peak: float
    size: float


def findings(count: int) -> Iterator[object]:
    """Failing verdicts that differ as those of an estate do: names, ids and pieces of evidence, few versions."""
    from auditor.model.report import Evidence, Finding
    from auditor.model.verdict import Severity, Status

    for at in range(count):
        group, name = f"rg-{at // 50}", f"vm-{at:06}"
        subscription = f"{at // 5000:08}-0000-0000-0000-000000000000"
        scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
        machine = f"{scope}/providers/Microsoft.Compute/virtualMachines/{name}"
        read = AS_OF - timedelta(seconds=at % 3600)
        version = f"1.{at % 30 + 8}.{at % 5}"
        evidence = (
            Evidence("installed_version", "Installed version", version, version, "instance_view", read),
            Evidence("latest_version", "Latest in region", "1.38.1", "1.38.1", "extension_versions", AS_OF),
            Evidence("auto_upgrade", "Automatic upgrade", "unset", "unset", "resource_graph", read),
        )
        yield Finding(
            "AMA-002", Status.FAIL, Severity.MEDIUM, "behind_and_not_upgrading",
            f"{at % 30} releases behind 1.38.1, and automatic upgrade is not on.", f"{machine}/extensions/AMA", machine,
            name, "vm", subscription, f"Subscription {at // 5000}", group, ("japaneast", "westeurope")[at % 2],
            "linux", "running", "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent", "AMA", "unset", True, "1.0",
            version, "instance_view", read, "1.38.1", at % 30, evidence,
            "Switch automatic upgrade on for this extension: set enableAutomaticUpgrade to true on it.\nAzure CLI:\n"
            f"az rest --method patch --url 'https://management.azure.com{machine}/extensions/AMA?api-version=2024-07-01'",
            None, None, f"team-{at % 40}", None, f"https://portal.azure.com/#@/resource{machine}",
        )  # fmt: skip


def write_ours(count: int, path: Path) -> None:
    """The product's workbook of a night of ``count`` failing verdicts; its other worksheets are empty."""
    from auditor.compose.finding_columns import finding_columns
    from auditor.compose.wording import Wording
    from auditor.model.report import Portion, Report
    from auditor.model.table import Table, TableColumn
    from auditor.model.verdict import Severity, Status
    from auditor.render.batch import batches
    from auditor.render.workbook import workbook

    class Empty(dict[str, Table]):
        def __missing__(self, name: str) -> Table:
            return Table(name, name, (TableColumn("name", "Name"),), tuple)

    wording = Wording("en", "UTC")
    report = Report(
        "Benchmark", "", "en", wording.words, "", "bad", "", None, (), (), (), Empty(),
        lambda: (Portion((each,)) for each in findings(count)), count, "", {each: str(each) for each in Status},
        {each: str(each) for each in Severity}, "UTC", AS_OF, {}, finding_columns=finding_columns(wording),
    )  # fmt: skip
    with workbook(report, path) as take:
        for batch in batches(report.verdicts()):
            take(batch)


def write_plainly(count: int, path: Path) -> None:
    """The same findings' first columns by ``openpyxl`` alone: no styles, no links, no table."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Findings")
    for each in findings(count):
        values = [getattr(each, key) for key in each._fields[:COLUMNS]]
        sheet.append([None if value is None else value if isinstance(value, int) else str(value) for value in values])
    book.save(path)


def write_nothing(count: int, path: Path) -> None:
    """The imports, and the findings made and let go."""
    import openpyxl  # noqa: F401 - what loading it takes is measured

    import auditor.render.workbook  # noqa: F401 - as above

    path.write_bytes(b"")
    for _each in findings(count):
        pass


WRITERS = {"auditor": write_ours, "plain openpyxl, 20 columns": write_plainly, "findings alone": write_nothing}


def measure(name: str, count: int, folder: Path) -> Measured:
    path = folder / "report.xlsx"
    command = [sys.executable, __file__, "--writer", name, "--rows", str(count), "--path", str(path)]
    began = time.perf_counter()
    process = os.spawnv(os.P_NOWAIT, sys.executable, command)  # noqa: S606 - wait4 tells its memory
    _pid, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"{name} ended with {os.waitstatus_to_exitcode(status)}.")
    return Measured(time.perf_counter() - began, usage.ru_maxrss / 1024, path.stat().st_size / 1e6)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--writer", choices=tuple(WRITERS), help="only write, in this process (for the script itself)")
    parser.add_argument("--path", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.writer:
        WRITERS[chosen.writer](chosen.rows, chosen.path)
        return
    print(f"{chosen.rows:,} rows\n{'':<30}{'seconds':>10}{'peak MiB':>12}{'MB on disk':>12}")
    with tempfile.TemporaryDirectory(prefix="auditor-benchmark-") as folder:
        for name in WRITERS:
            told = measure(name, chosen.rows, Path(folder))
            print(f"{name:<30}{told.seconds:>10.1f}{told.peak:>12.0f}{told.size:>12.1f}", flush=True)


if __name__ == "__main__":
    main()
