"""What the tests of the report's files share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.real_parts import require


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium. For one module at a time: while it is there, no test can run an event loop."""
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()
