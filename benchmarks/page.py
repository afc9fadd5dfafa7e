"""The page with many failing rows: how large it becomes, what writing it takes, and when Chromium has it ready.

Every row is a finding of its own (machine, resource group, ids, commands, evidence read at its own time), as a bad
night would have them; the browser opens the file without a network. Prints a table; ``--rows`` as often as wanted.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.model.remedy import Remedy
from auditor.model.report import Finding
from auditor.render.page import page
from tests.unit.render import sample

REGIONS = ("japaneast", "japanwest", "westeurope", "eastus", "southeastasia")


def rows(count: int) -> Iterator[Finding]:
    """``count`` failing rows on as many machines in 50 subscriptions."""
    for number in range(count):
        subscription = f"{number % 50:08x}-1111-4111-8111-{number % 50 * 7919:012x}"
        name, group = (
            f"vm-{('app', 'sql', 'web', 'batch')[number % 4]}-{number * 7919 % 1_000_003:06}",
            f"rg-{number % 700}",
        )
        machine = (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
        )
        extension = f"{machine}/extensions/AzureMonitorLinuxAgent"
        version = f"1.{20 + number % 18}.{number % 7}"
        read_at = sample.AS_OF - timedelta(seconds=number % 3_000)
        evidence = tuple(
            item._replace(shown=version if at == 0 else item.shown, read_at=read_at)
            for at, item in enumerate(sample.finding().evidence)
        )
        put = f"az rest --method patch --url '{extension}?api-version=2024-07-01' --subscription {subscription}"
        yield sample.finding(
            number,
            ("AMA-001", "AMA-002", "AMA-003")[number * 3 // count],
            machine_name=name,
            machine_id=machine,
            resource_id=extension,
            resource_group=group,
            subscription_id=subscription,
            subscription_name=f"Subscription {number % 50}",
            location=REGIONS[number % 5],
            installed_version=version,
            reason=f"{number % 18} releases behind 1.38.1, and automatic upgrade is not on.",
            evidence=evidence,
            owner=f"team-{number % 40}",
            portal=f"https://portal.azure.com/#@/resource{machine}",
            remedy=Remedy(
                sample.COMMANDS.words, sample.COMMANDS.portal, put, f"Invoke-AzRestMethod -Path '{extension}'"
            ),
        )


def written(count: int, folder: Path) -> tuple[Path, float]:
    report = replace(sample.report(10), findings=lambda: rows(count), findings_total=count)
    path = folder / f"{count}.html"
    began = time.perf_counter()
    sample.write(page, report, path)
    return path, time.perf_counter() - began


def opened(path: Path) -> tuple[float, int, float, float]:
    """Seconds until the first table answers, the rows it holds, seconds of a search and of opening a finding."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_context(offline=True).new_page()
        began = time.perf_counter()
        view.goto(path.as_uri(), wait_until="commit")
        view.wait_for_selector("#all-findings tbody button.open")
        ready = time.perf_counter() - began
        view.wait_for_function("document.documentElement.dataset.ready")
        held = view.evaluate("new Promise(done => done(document.querySelector('.dt-info').textContent))")
        began = time.perf_counter()
        view.get_by_role("searchbox").first.fill("vm-app-0")
        view.wait_for_function("document.querySelector('.dt-info').textContent !== " + repr(held))
        searched = time.perf_counter() - began
        began = time.perf_counter()
        view.locator("#all-findings button.open").first.click()
        view.wait_for_selector(".below .evidence")
        took = time.perf_counter() - began
        browser.close()
    return ready, int(held.split(" of ")[1].replace(",", "")), searched, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append")
    counts = parser.parse_args().rows or [1_000, 10_000, 100_000]
    print(
        f"{'rows':>8} {'held':>8} {'MB':>6} {'written s':>9} {'peak MiB':>8} {'ready s':>7} {'search s':>8} "
        f"{'open s':>6}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            path, seconds = written(count, Path(folder))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            ready, held, searched, took = opened(path)
            size = path.stat().st_size / 1e6
            print(
                f"{count:>8,} {held:>8,} {size:>6.1f} {seconds:>9.1f} {peak:>8.0f} "
                f"{ready:>7.1f} {searched:>8.1f} {took:>6.2f}"
            )


if __name__ == "__main__":
    main()
