"""What ``auditor --help`` loads, and how long it takes: no pandas, no SDK, no writer may be among it."""

from __future__ import annotations

import subprocess
import sys
import time

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


def main() -> None:
    times = []
    for _run in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "auditor", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    probe = subprocess.run([sys.executable, "-c", PROBE], check=True, capture_output=True, text=True)
    print(f"auditor --help, s (median of 5)   {sorted(times)[2]:>8.2f}")
    print(f"heavy modules, all modules        {probe.stderr.strip()}")


if __name__ == "__main__":
    main()
