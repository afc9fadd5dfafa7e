"""Where what the tests do not bring with them is found: foreign judges, and a second Python."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.real_parts import absent

NODE_MODULES = "AUDITOR_TEST_NODE_MODULES"
AZ = "AUDITOR_TEST_AZ"
PYTHON = "AUDITOR_TEST_PYTHON"


def node_modules() -> Path:
    """The folder that holds Microsoft's KQL parser."""
    folder = Path(os.environ.get(NODE_MODULES, "node_modules"))
    if not (folder / "@kusto/language-service-next").is_dir():
        absent(
            "Microsoft's KQL parser is not installed: run npm install @kusto/language-service-next in a folder of your "
            f"choice and set {NODE_MODULES} to its node_modules to run this test"
        )
    return folder


def az() -> Path:
    """The Azure command line."""
    found = os.environ.get(AZ) or shutil.which("az")
    if not found or not Path(found).is_file():
        absent(
            "The Azure command line is not installed: install azure-cli in an environment of its own and set "
            f"{AZ} to its az to run this test"
        )
    return Path(found)


def other_python() -> Path:
    """A Python of another version, with the auditor's dependencies."""
    found = os.environ.get(PYTHON)
    if not found or not Path(found).is_file():
        absent(
            "No second Python is named: install the auditor in an environment of another Python version (3.11 to 3.13) "
            f"and set {PYTHON} to its python to run this test"
        )
    return Path(found)
