"""Where what the tests do not bring with them is found: foreign judges, and a second Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from auditor.simulator import Simulator
from tests.real_parts import absent

NODE_MODULES = "AUDITOR_TEST_NODE_MODULES"
AZ = "AUDITOR_TEST_AZ"
PYTHON = "AUDITOR_TEST_PYTHON"
FUNCTIONS = "AUDITOR_TEST_FUNCTIONS"
SERVICES = ("activeDirectory", "activeDirectoryResourceId", "resourceManager", "management", "gallery")
"""What a cloud that is registered with ``az`` must name, and is asked for here."""


def node_modules() -> Path:
    """The folder that holds Microsoft's KQL parser."""
    folder = Path(os.environ.get(NODE_MODULES, "node_modules"))
    if not (folder / "@kusto/language-service-next").is_dir():
        absent(
            "Microsoft's KQL parser is not installed: run npm install @kusto/language-service-next in a folder of your "
            f"choice and set {NODE_MODULES} to its node_modules to run this test"
        )
    return folder


def node_package(name: str) -> Path:
    """The folder of a package of node, such as azurite."""
    folder = Path(os.environ.get(NODE_MODULES, "node_modules")) / name
    if not folder.is_dir():
        absent(
            f"{name} is not installed: run npm install {name} in a folder of your choice and set {NODE_MODULES} to its "
            "node_modules to run this test"
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


def signed_in(program: Path, simulator: Simulator, folder: Path) -> dict[str, str]:
    """The environment of an ``az`` that takes the simulator for its cloud; its login and all it keeps lie in folder."""
    environment = {
        **os.environ,
        "AZURE_CONFIG_DIR": str(folder),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "REQUESTS_CA_BUNDLE": str(simulator.write_ca(folder / "ca.pem")),
    }

    def run(*command: str) -> None:
        whole = [str(program), *command, "--only-show-errors", "--output", "none"]
        answer = subprocess.run(whole, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False)
        assert answer.returncode == 0, answer.stderr

    endpoints = json.dumps({"endpoints": dict.fromkeys(SERVICES, simulator.url)})
    run("cloud", "register", "--name", "Simulated", "--skip-endpoint-discovery", "--cloud-config", endpoints)
    run("cloud", "set", "--name", "Simulated")
    who = ("--username", "11111111-2222-4333-a444-555555555555", "--password", "not-a-secret")
    run("login", "--service-principal", *who, "--tenant", simulator.estate.tenant_id)
    return environment


def other_python() -> Path:
    """A Python of another version, with the auditor's dependencies."""
    return _python(
        PYTHON,
        "No second Python is named: install the auditor in an environment of another Python version (3.11 to 3.13)",
    )


def functions_python() -> Path:
    """A Python 3.13 with Microsoft's worker of Azure Functions, and nothing else."""
    return _python(
        FUNCTIONS,
        "No worker of Azure Functions is named: install azure-functions-runtime in an environment of Python 3.13",
    )


def _python(variable: str, install: str) -> Path:
    found = os.environ.get(variable)
    if not found or not Path(found).is_file():
        absent(f"{install} and set {variable} to its python to run this test")
    return Path(found)
