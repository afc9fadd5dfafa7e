"""What ``auditor --help`` loads, and how long it takes: no pandas, no SDK, no writer may be among it.

Then what a night imports, in its order: each by what it adds to those above it (Linux only). The modules are compiled
first, as pip leaves them.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
import time
from pathlib import Path

HEAVY = (
    "pandas",
    "pyarrow",
    "vl_convert",
    "azure",
    "requests",
    "openpyxl",
    "jinja2",
    "babel",
    "pydantic",
    "yaml",
    "duckdb",
    "aiohttp",
)
PROBE = f"""
import sys
from auditor.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print("loaded:", [name for name in {HEAVY!r} if name in sys.modules], len(sys.modules), file=sys.stderr)
"""
NIGHT = (
    *("auditor.cli", "yaml", "pydantic.main", "auditor.settle", "numpy", "pyarrow", "pandas", "pyarrow.parquet"),
    *("requests", "azure.core.rest", "azure.monitor.query", "auditor.nightly", "azure.mgmt.resource.subscriptions"),
    *("azure.mgmt.resourcegraph", "azure.mgmt.monitor", "azure.mgmt.compute", "jinja2", "lxml.etree", "openpyxl"),
    *("css_inline", "auditor.render.page", "auditor.render.letter", "auditor.render.workbook", "auditor.render.tables"),
)
ASIDE = ("azure.identity",)
"""Only where somebody has to be signed in: a token that was brought needs nobody."""
ADDED = f"""
import importlib, re, time
from pathlib import Path
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
for name in {(*NIGHT, *ASIDE)!r}:
    began, before = time.process_time(), resident()
    importlib.import_module(name)
    print(f"{{name:<34}}{{(time.process_time() - began) * 1000:>8.0f}}{{resident() - before:>8.1f}}")
print(f"{{'all, with Python':<34}}{{time.process_time() * 1000:>8.0f}}{{resident():>8.1f}}")
"""


def main() -> None:
    compileall.compile_dir(Path(__file__).parents[1] / "auditor", quiet=1)
    times = []
    for _run in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "auditor", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    probe = subprocess.run([sys.executable, "-c", PROBE], check=True, capture_output=True, text=True)
    print(f"auditor --help, s (median of 5)   {sorted(times)[2]:>8.2f}")
    print(f"heavy modules, all modules        {probe.stderr.strip()}")
    if sys.platform == "linux":
        print(f"\n{'a night imports':<34}{'ms':>8}{'MiB':>8}", flush=True)
        subprocess.run([sys.executable, "-c", ADDED], check=True)


if __name__ == "__main__":
    main()
