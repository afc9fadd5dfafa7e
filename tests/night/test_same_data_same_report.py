"""The same data and rules give the same report, however the estate is cut and in whatever order answers come."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.compose import ledger
from auditor.model import report
from auditor.model.report import LEFT_TO_PARQUET
from auditor.simulator import Fault, PageSizes, SeededEstate, Simulator
from auditor.simulator.weather import PRESETS
from tests.night.parts import ALL, FIRST, IN_BULK, NOW, TOKEN, Audited, Bench, estate, machine, subscription

ROOT = Path(__file__).parents[2]
MOVING = {"run_id", "started", "ended", "starts", "seconds", "data_age", "hashes", "requests"}
"""What may differ between two nights over the same data (requests: a lost connection may be tried once more)."""


def seeded() -> SeededEstate:
    """Machines in three subscriptions, a fourth that refuses, heartbeats in two workspaces."""
    return SeededEstate(36, now=NOW)


@pytest.fixture(scope="module")
def azure(shared_bench: Bench) -> Simulator:
    return shared_bench.simulate(seeded(), *PRESETS["one_machine_500"])


@pytest.fixture(scope="module")
def whole(shared_bench: Bench, azure: Simulator) -> Audited:
    """One night with all machines in one shard."""
    return shared_bench.audit(azure, formats=ALL)


@pytest.fixture(scope="module")
def in_bulk(shared_bench: Bench) -> tuple[Simulator, Audited]:
    """Seven subscriptions of all kinds, read in bulk as one shard on 32 threads."""
    azure = shared_bench.simulate(SeededEstate(60, now=NOW, subscriptions=7))
    return azure, shared_bench.audit(azure, config=IN_BULK, formats=ALL)


def bytes_of(audited: Audited, *names: str) -> Mapping[str, bytes]:
    return {name: (audited.folder / name).read_bytes() for name in names}


def lasting(audited: Audited) -> dict[str, Any]:
    return {key: value for key, value in audited.run.items() if key not in MOVING}


def sheets(audited: Audited) -> dict[str, list[Any]]:
    """Every worksheet but the one that tells of the run itself; operations are told shard by shard, in any order."""
    return {name: audited.sheet(name) for name in SHEETS} | {
        "Operations": sorted(audited.sheet("Operations"), key=repr)
    }


SHEETS = (
    "Summary", "Findings", "Coverage", "Rules", "By subscription", "Readings", "Machines", "Versions by region",
    "Operations", "Exemptions",
)  # fmt: skip


FILES = ("findings.json", "findings.csv", "verdicts.parquet")


def test_two_nights_over_the_same_data_leave_the_same_bytes(bench: Bench, azure: Simulator, whole: Audited) -> None:
    again = bench.audit(azure, formats=ALL)

    assert bytes_of(again, *FILES) == bytes_of(whole, *FILES)
    assert lasting(again) == lasting(whole)
    assert sheets(again) == sheets(whole)


@pytest.mark.parametrize("machines_per_shard", [1, 15])
def test_one_shard_or_several_give_the_same_report(
    bench: Bench, azure: Simulator, whole: Audited, machines_per_shard: int
) -> None:
    cut = bench.audit(azure, machines_per_shard=machines_per_shard, formats=ALL)

    assert any("in 1 shard;" in sentence for _stage, sentence in whole.told.stages)
    assert not any("in 1 shard;" in sentence for _stage, sentence in cut.told.stages)
    assert bytes_of(cut, *FILES) == bytes_of(whole, *FILES)
    assert lasting(cut) == lasting(whole)
    assert sheets(cut) == sheets(whole)


@pytest.mark.parametrize(("machines_per_shard", "threads", "held"), [(5, 1, 20), (5, 32, 5_000), (1000, 1, 5_000)])
def test_in_bulk_too_neither_shards_nor_threads_nor_memory_change_a_byte(
    bench: Bench,
    in_bulk: tuple[Simulator, Audited],
    monkeypatch: pytest.MonkeyPatch,
    machines_per_shard: int,
    threads: int,
    held: int,
) -> None:
    """Resource Graph, lag, and what is read again: the same machines are chosen however the estate is cut.

    Where only some of the machines are ``held`` in memory, findings wait on the disk until their turn comes.
    """
    azure, whole = in_bulk
    monkeypatch.setattr(ledger, "MACHINES_HELD", held)

    cut = bench.audit(azure, config=IN_BULK, machines_per_shard=machines_per_shard, threads=threads, formats=ALL)

    assert whole.run["confirmed"]["machines"] > 0
    assert sheets(cut) == sheets(whole)
    assert bytes_of(cut, *FILES) == bytes_of(whole, *FILES)
    assert cut.run["confirmed"] == whole.run["confirmed"]


@pytest.mark.parametrize(("machines_per_shard", "held"), [(5, 20), (1000, 5_000)])
def test_the_tables_hold_the_same_where_the_lists_leave_verdicts_to_them(
    bench: Bench,
    in_bulk: tuple[Simulator, Audited],
    monkeypatch: pytest.MonkeyPatch,
    machines_per_shard: int,
    held: int,
) -> None:
    """Those verdicts are told as columns; all others, and all of a small estate, as findings."""
    azure, whole = in_bulk
    monkeypatch.setattr(ledger, "MACHINES_HELD", held)
    monkeypatch.setattr(report, "LISTED_WHOLE", len(whole.findings) - 1)

    left = bench.audit(azure, config=IN_BULK, machines_per_shard=machines_per_shard, formats=ALL)

    assert bytes_of(left, "findings.csv", "verdicts.parquet") == bytes_of(whole, "findings.csv", "verdicts.parquet")
    assert left.findings == [each for each in whole.findings if each["status"] not in LEFT_TO_PARQUET]
    assert set(left.run["left_out"].values()) == {len(whole.findings) - len(left.findings)}


@pytest.mark.parametrize(
    ("formats", "told"),
    [
        (("html", "parquet"), "every verdict is in verdicts.parquet."),
        (("html",), "with --format csv or --format parquet every verdict is written."),
    ],
)
def test_a_page_that_leaves_verdicts_out_names_only_files_that_are_written(
    bench: Bench,
    in_bulk: tuple[Simulator, Audited],
    monkeypatch: pytest.MonkeyPatch,
    formats: tuple[str, ...],
    told: str,
) -> None:
    azure, _whole = in_bulk
    monkeypatch.setattr(report, "LISTED_WHOLE", 1)
    left = bench.audit(azure, config=IN_BULK, formats=formats)
    assert told in (left.folder / "report.html").read_text(encoding="utf-8")


def test_subscriptions_of_mixed_letter_case_keep_their_order_in_any_cut(bench: Bench) -> None:
    ids = ("B1111111-1111-4111-a111-111111111111", "a2222222-2222-4222-a222-222222222222", FIRST)
    azure = bench.simulate(estate(*(subscription(each, machine("web-1"), machine("web-2")) for each in ids)))

    whole, cut = bench.audit(azure), bench.audit(azure, machines_per_shard=1)

    assert bytes_of(whole, "findings.json") == bytes_of(cut, "findings.json")


def test_the_order_of_answers_and_the_size_of_pages_do_not_matter(bench: Bench, whole: Audited) -> None:
    """Some machines answer late, and all lists come in many pages."""
    late = Fault(r"[02468]\?.*expand=instanceView", delay_s=0.2)
    small = PageSizes(virtual_machines=3, events=7)

    other = bench.audit(seeded(), *PRESETS["one_machine_500"], late, pages=small)

    assert bytes_of(other, "findings.json") == bytes_of(whole, "findings.json")


def test_the_clock_is_a_parameter(bench: Bench) -> None:
    """Judged by a later hour, the same data may say something else; and counts as read at that hour."""
    later = NOW + timedelta(days=2)

    audited = bench.audit(seeded(), as_of=later)

    assert audited.run["as_of"] == "2026-11-24T03:00:17Z"
    evidence = [item for each in audited.findings for item in each["evidence"]]
    assert {item["read_at"] for item in evidence if item["name"] == "auto_upgrade"} == {"2026-11-24T03:00:17Z"}


def test_two_processes_with_other_hash_seeds_leave_the_same_bytes(bench: Bench) -> None:
    config = bench.config(bench.simulate(seeded()))
    left = []
    for seed in ("1", "2"):
        output = bench.folder / f"seed-{seed}"
        done = subprocess.run(
            [sys.executable, "-m", "auditor", "run", "--config", str(config), "--output", str(output),
             "--as-of", "2026-11-22T03:00:17Z", "--format", "json", "--format", "csv", "-q"],
            cwd=ROOT, env={**os.environ, **TOKEN, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 5, done.stderr
        left.append([(output / name).read_bytes() for name in ("findings.json", "findings.csv")])

    assert left[0] == left[1]
