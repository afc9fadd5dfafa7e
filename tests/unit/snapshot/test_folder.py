"""A snapshot's folder: what was written comes back, and nothing else passes for it."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ExitCode, OutputRefused, SnapshotRefused
from auditor.model.gathered import Gathered
from auditor.model.grounds import Grounds, Role, Text
from auditor.model.memory import EMPTY, KeptOperation, Memory, OpenFailure
from auditor.model.parcel import Confirmation
from auditor.model.reading import Reading, Service, Source, Traffic
from auditor.model.report import Night
from auditor.model.verdict import Status
from auditor.snapshot import check_output, open_snapshot, write_snapshot
from auditor.snapshot.letter import Remembered
from auditor.snapshot.manifest import FORMAT, MANIFEST, digest_of

NOW = datetime(2026, 11, 22, 3, 0, 17, 120_001, tzinfo=UTC)
READING = Reading(Source.VIRTUAL_MACHINES, "S", False, 7, NOW, NOW, NOW, 403, "No.", "Yes.", Service.RESOURCE_GRAPH)
OFFER = ("vm", "japaneast", "publisher", "type", "1.2")
FAILURE = OpenFailure(
    "AMA-001", "/subscriptions/S", "/subscriptions/S", None, "s", None, "vm", None, "none", "high", "disabled", "Off.",
    NOW, NOW, 2,
)  # fmt: skip
MEMORY = Memory(
    {OFFER: NOW},
    frozenset({("AMA-001", "/subscriptions/s"), ("AMA-002", "/subscriptions/t")}),
    {OFFER: NOW},
    NOW,
    (FAILURE,),
    (KeptOperation("1|r|write|t", "s", "/m", None, "write", None, NOW, "failed", None, None, "E", "m", "409"),),
    (Night(NOW, "20261122T030000Z-00000000", {Status.FAIL: 2}, True, {"new": 1}, ("report.html",)),),
    ("a sentence",),
)
"""Every field has something in it, so that none is forgotten on its way."""
RULE = Text(Role.RULES, "AMA-001.yaml", "", True, b"id: AMA-001 # \xc3\xa4\r\n")
GROUNDS = Grounds("report: {title: x}\n", "hash", (RULE, replace(RULE, role=Role.EXEMPTIONS, name="again/a.yaml")), {})


@pytest.fixture
def gathered(tmp_path: Path) -> Gathered:
    """One shard, whose frames nobody looks into here."""
    shard = tmp_path / "scratch/shard-00000"
    shard.mkdir(parents=True)
    for name in ("machines.parquet", "manifest.json"):
        (shard / name).write_text(name * 2_000, encoding="utf-8")
    return Gathered(
        tool="azure-extension-auditor 0.1.0",
        as_of=NOW,
        fixed_clock=True,
        shards=(shard,),
        survey=(READING,),
        subscriptions=({"id": "S", "name": "Eins ä", "management_group": None},),
        memory=MEMORY,
        traffic={source: Traffic(1, 2, 3, 4) for source in Source},
        identity={"object_id": "o", "tenant_id": None},
        portal="https://portal.azure.com",
        confirmed=Confirmation(1, 2, 3, 4, 5),
        again=("/subscriptions/s/machine",),
    )


@pytest.fixture
def snapshot(gathered: Gathered, tmp_path: Path) -> Path:
    write_snapshot(gathered, GROUNDS, tmp_path / "snap")
    return tmp_path / "snap"


def manifest_of(snapshot: Path) -> dict[str, Any]:
    return dict(json.loads((snapshot / MANIFEST).read_bytes()))


def why(snapshot: Path) -> str:
    with pytest.raises(SnapshotRefused) as caught:
        open_snapshot(snapshot)
    assert caught.value.exit_code is ExitCode.SETTINGS_REFUSED
    told = str(caught.value)
    assert told.startswith(f"The snapshot {snapshot} was not judged: ") and told.endswith(".")
    return told


# --- what was written comes back ---


@pytest.mark.parametrize("memory", [MEMORY, EMPTY], ids=["remembers", "remembers nothing"])
def test_all_that_was_gathered_comes_back(gathered: Gathered, tmp_path: Path, memory: Memory) -> None:
    gathered = replace(gathered, memory=memory)
    digest = write_snapshot(gathered, GROUNDS, tmp_path / "snap")

    opened = open_snapshot(tmp_path / "snap")

    shard = tmp_path / "snap/shards/shard-00000"
    assert opened.gathered == replace(gathered, shards=(shard,))
    assert opened.gathered.as_of.tzinfo is UTC
    assert [each.read_bytes() for each in sorted(shard.iterdir())] == [
        each.read_bytes() for each in sorted(gathered.shards[0].iterdir())
    ]
    assert opened.digest == digest == digest_of(tmp_path / "snap" / MANIFEST)


def test_the_grounds_come_back_byte_for_byte(snapshot: Path) -> None:
    kept = open_snapshot(snapshot).kept

    assert kept.config.read_text("utf-8") == GROUNDS.config
    assert kept.files[Role.RULES] == (snapshot / "rules/AMA-001.yaml",)
    assert kept.files[Role.RULES][0].read_bytes() == RULE.content
    assert kept.files[Role.EXEMPTIONS] == (snapshot / "exemptions/again/a.yaml",)
    assert kept.files[Role.STANDING] == ()
    assert [(text.name, text.shipped) for text in kept.texts] == [("AMA-001.yaml", True), ("again/a.yaml", True)]
    assert kept.config_hash == "hash"


def test_nothing_that_is_remembered_is_left_out() -> None:
    """Whoever adds to the memory adds to the snapshot: verdicts rest on it."""
    assert {each.name for each in fields(Memory)} == {each.name for each in fields(Remembered)}


def test_the_same_gives_the_same_bytes(gathered: Gathered, tmp_path: Path) -> None:
    one, two = (write_snapshot(gathered, GROUNDS, tmp_path / name) for name in ("one", "two"))

    assert one == two


# --- what is not what was written ---


@pytest.mark.parametrize(
    "name", ["shards/shard-00000/machines.parquet", "rules/AMA-001.yaml", "config.yaml", "night.json"]
)
def test_a_file_that_was_changed_is_named(snapshot: Path, name: str) -> None:
    content = (snapshot / name).read_bytes()
    (snapshot / name).write_bytes(content[:-1] + b"#")

    assert f"{name} is not what was written: its hash differs. Copy the snapshot anew" in why(snapshot)


def test_a_file_that_is_missing_is_named(snapshot: Path) -> None:
    (snapshot / "rules/AMA-001.yaml").unlink()

    assert "rules/AMA-001.yaml is missing" in why(snapshot)


def test_a_file_too_many_is_named(snapshot: Path) -> None:
    (snapshot / "rules/OWN-001.yaml").write_text("id: OWN-001", encoding="utf-8")

    assert "it holds rules/OWN-001.yaml, which its manifest does not name" in why(snapshot)


def test_one_that_was_not_finished_is_none(snapshot: Path) -> None:
    (snapshot / MANIFEST).unlink()

    assert "so it is no snapshot, or one that was not finished" in why(snapshot)


@pytest.mark.parametrize(
    "content", ["", "no json", "[]", "{}", '{"frames": {}}', '{"kind": 1, "format": 1, "tool": 2}']
)
def test_what_is_no_manifest_of_a_snapshot_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content, encoding="utf-8")

    assert "its manifest.json is none of a snapshot. Name a folder that auditor collect has written" in why(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")

    assert "there is no such folder" in why(tmp_path / "nowhere")
    assert "it cannot be read (not a directory)" in why(tmp_path / "file")


def rewritten(snapshot: Path, **changes: object) -> Path:
    (snapshot / MANIFEST).write_text(json.dumps({**manifest_of(snapshot), **changes}), encoding="utf-8")
    return snapshot


def test_one_of_something_else_is_refused(snapshot: Path) -> None:
    assert "its manifest.json is of something else" in why(rewritten(snapshot, kind="somebody's backup"))


def test_one_of_a_newer_format_says_what_to_install(snapshot: Path) -> None:
    """Whatever else a newer format has become."""
    newer = rewritten(snapshot, format=FORMAT + 1, tool="azure-extension-auditor 9.1.0", files=["quite", "another"])

    told = why(newer)

    assert f"it was made by a newer auditor (azure-extension-auditor 9.1.0, format {FORMAT + 1}; " in told
    assert told.endswith("Install azure-extension-auditor 9.1.0 or newer.")


def test_one_of_a_newer_version_with_the_same_format_is_read(snapshot: Path) -> None:
    assert open_snapshot(rewritten(snapshot, tool="azure-extension-auditor 9.1.0"))


@pytest.mark.parametrize(
    ("written", "instead"), [('"as_of"', '"at"'), ("virtual_machines", "new"), ('"https://', '"javascript:')]
)
def test_a_letter_that_cannot_be_read_says_who_can(snapshot: Path, written: str, instead: str) -> None:
    """A portal that is no address of the web would become the links of the report."""
    night = snapshot / "night.json"
    text = night.read_text("utf-8")
    assert written in text
    night.write_text(text.replace(written, instead))
    told = {"sha256": digest_of(night), "bytes": night.stat().st_size}
    rewritten(snapshot, files={**manifest_of(snapshot)["files"], "night.json": told})

    assert "night.json is not what this version writes" in why(snapshot)


# --- what means harm ---


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/passwd",
        "rules/../../secret",
        "./config.yaml",
        "rules//AMA-001.yaml",
        "C:/x",
        "a\\b",
        "",
        "x\n",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused_before_any_file_is_opened(snapshot: Path, name: str) -> None:
    (snapshot.parent / "secret").write_text("secret", encoding="utf-8")
    for file in (snapshot / "rules").iterdir():
        file.unlink()
    files = {**manifest_of(snapshot)["files"], name: {"sha256": "0" * 64, "bytes": 6}}

    told = why(rewritten(snapshot, files=files))

    assert f"its manifest names {name!r}, which does not lie in it" in told


@pytest.mark.parametrize("name", ["rules/AMA-001.yaml", "shards", MANIFEST])
def test_a_link_is_refused_wherever_it_leads(snapshot: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "elsewhere"
    (snapshot / name).rename(place)
    (snapshot / name).symlink_to(place)

    assert "is a link or no plain file" in why(snapshot) or "is no plain file" in why(snapshot)


def test_a_pipe_is_refused_and_nobody_waits_for_it(snapshot: Path) -> None:
    (snapshot / "rules/AMA-001.yaml").unlink()
    os.mkfifo(snapshot / "rules/AMA-001.yaml")

    assert "rules/AMA-001.yaml is a link or no plain file" in why(snapshot)


@pytest.mark.parametrize(("name", "size"), [(MANIFEST, 2**40), ("config.yaml", 2**40)])
def test_a_huge_file_is_refused_by_its_size_alone(snapshot: Path, name: str, size: int) -> None:
    """A hole takes no room on the disk, and would fill the memory, or take an hour to hash."""
    with (snapshot / name).open("r+b") as file:
        file.truncate(size)

    assert ("larger than" if name == MANIFEST else "config.yaml is not what was written") in why(snapshot)


def test_a_huge_letter_is_refused_though_its_manifest_names_it(snapshot: Path) -> None:
    files = {**manifest_of(snapshot)["files"]}
    with (snapshot / "night.json").open("r+b") as file:
        file.truncate(513 * 2**20)
    told = {"sha256": digest_of(snapshot / "night.json"), "bytes": 513 * 2**20}

    assert "night.json is larger than can be read" in why(rewritten(snapshot, files={**files, "night.json": told}))


# --- the disk ---


@pytest.fixture
def no_file_may_grow() -> Iterator[None]:
    """Beyond some thousand bytes: what a full disk does, for this process alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_refuses_is_told_and_leaves_the_earlier_snapshot(
    gathered: Gathered, snapshot: Path, no_file_may_grow: None
) -> None:
    before = (snapshot / MANIFEST).read_bytes()

    with pytest.raises(
        OutputRefused, match=r"The snapshot was not written to .*snap: file too large\. Free some space"
    ):
        write_snapshot(gathered, GROUNDS, snapshot)

    assert (snapshot / MANIFEST).read_bytes() == before
    assert sorted(each.name for each in snapshot.parent.iterdir()) == ["scratch", "snap"]


def test_a_folder_that_holds_something_else_is_never_touched(snapshot: Path) -> None:
    (snapshot / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputRefused, match="it holds what is not an earlier snapshot"):
        check_output(snapshot)

    assert (snapshot / "notes.txt").is_file()
