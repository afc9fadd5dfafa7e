"""``run --if-due`` over an archive in a container, on a real Azurite: one tick after another, as a function's timer has
them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from auditor.schedule import due
from auditor.settle import settle
from auditor.stores import open_store
from tests.peers.azurite import Azurite, azurite, token

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TICK = (
    "import sys; from auditor.cli import main; code = main(['run', '--if-due', '--as-of', '2026-11-22T12:00Z']);"
    "heavy = {'pandas', 'numpy', 'pyarrow', 'openpyxl', 'jinja2', 'vl_convert', 'azure.mgmt', 'azure.monitor'};"
    "print(code, *heavy & {*sys.modules})"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    folder = tmp_path_factory.mktemp("azurite")
    with azurite(folder) as running:
        config = {
            "azure": {"credential": "token", "token": "${AUDITOR_ACCESS_TOKEN}", "ca_bundle": str(running.ca)},
            "archive": running.config("ticks", key=False),
            "schedule": {"from": "02:00", "until": "06:00"},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        yield running


def test_what_lies_in_the_container_says_whether_a_night_is_due(served: Azurite) -> None:
    settings = settle(served.ca.with_name("config.yaml"), environ={"AUDITOR_ACCESS_TOKEN": token()}).settings
    store = open_store(settings)
    assert store and due(settings, store, NOW).night

    store.write("nights/20261122T023000Z-00000000/night.json", b"{}")
    assert not due(settings, store, NOW).night

    store.write("under-way/begun.json", b"{}")
    assert due(settings, store, NOW).night
    store.remove("under-way/begun.json")


def test_a_tick_with_nothing_due_imports_the_client_of_blobs_and_nothing_heavier(served: Azurite) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TICK], cwd=served.ca.parent, env={**os.environ, "AUDITOR_ACCESS_TOKEN": token()},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.stdout == "0\n", done.stderr
    assert "nothing is due" in done.stderr
