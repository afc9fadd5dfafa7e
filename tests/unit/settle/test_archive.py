"""The section ``archive``: where nights are kept, and with whose key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from auditor.model.archive import Container, Folder, place_of
from auditor.settle import settle
from tests.unit.settle.desk import Desk

ABFS = "abfs://nights@account.dfs.core.windows.net"
KEY = "${STORAGE_KEY}"


def test_a_folder_lies_beside_the_configuration(desk: Desk) -> None:
    path = desk.write("there/config.yaml", "archive: {url: 'file:./archive', retention: 30d}\n")

    archive = settle(path, environ={}).settings.archive

    assert archive and place_of(archive.url) == Folder((Path("there") / "archive").resolve())
    assert archive.retention == timedelta(days=30)


@pytest.mark.parametrize(
    "url", ["file:/var/lib/auditor", "file:///var/lib/auditor", "file://localhost/var/lib/auditor"]
)
def test_an_absolute_folder_stays_where_it_is(desk: Desk, url: str) -> None:
    archive = desk.settle(f"archive: {{url: '{url}'}}\n").settings.archive

    assert archive and place_of(archive.url) == Folder(Path("/var/lib/auditor"))


def test_blobs_answer_at_the_blob_host_of_the_account() -> None:
    place = place_of(f"{ABFS}/audit/nights/")

    assert place == Container("account", "account.dfs.core.windows.net", "nights", "audit/nights")
    assert isinstance(place, Container) and place.endpoint == "https://account.blob.core.windows.net"


def test_a_key_comes_out_of_the_environment_only_and_is_never_shown(desk: Desk) -> None:
    settings = desk.settle(
        f"archive: {{url: '{ABFS}', account_key: '{KEY}'}}\n", environ={"STORAGE_KEY": "told"}
    ).settings
    assert settings.archive and settings.archive.account_key and "told" not in repr(settings)

    (told,) = desk.told(f"archive: {{url: '{ABFS}', account_key: in-clear}}\n")
    assert "a secret does not stand in a file" in told and "in-clear" not in told


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        ("{url: ./archive}", "'./archive' is no archive: write file:./archive, or abfs://"),
        ("{url: 'https://account.blob.core.windows.net/nights'}", "is no archive"),
        ("{url: 'file:'}", "names no folder"),
        ("{url: 'file://server/share'}", "names no folder"),
        ("{url: 'abfs://account.dfs.core.windows.net/x'}", "names no container"),
        (f"{{url: '{ABFS}/../x'}}", "has a path that leads astray"),
        (f"{{url: '{ABFS}?sig=x'}}", "names no container"),
        ("{retention: 10d}", "archive.url: is missing"),
        ("{url: 'file:./a', retention: forever}", "'forever' is not a duration"),
        (f"{{url: 'file:./a', account_key: '{KEY}'}}", "account_key goes with an abfs: archive only"),
        (f"{{url: '{ABFS}', endpoint: 'http://127.0.0.1:10000/account'}}", "is not https"),
    ],
)
def test_each_mistake_says_what_to_write(desk: Desk, archive: str, told: str) -> None:
    (line,) = desk.told(f"archive: {archive}\n", environ={"STORAGE_KEY": "x"})

    assert told in line
