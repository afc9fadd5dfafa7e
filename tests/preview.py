"""Makes the picture that the README shows, ``reports/preview.png``, of the demo's page: ``python -m tests.preview``."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PICTURE = Path(__file__).parents[1] / "reports" / "preview.png"


def take(browser: Browser, page: Path, picture: Path) -> None:
    """The first screen of ``page`` in a window of usual size."""
    view = browser.new_page(viewport={"width": 1440, "height": 1080})
    view.goto(page.as_uri())
    view.wait_for_selector("html[data-ready]")
    view.screenshot(path=picture)
    view.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        subprocess.run([sys.executable, "-m", "auditor", "demo", "--quiet", "--output", str(report)], check=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            take(browser, report / "report.html", PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
