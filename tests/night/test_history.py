"""Nights that remember each other: the report of each, the archive that they leave, and the commands that read it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main
from auditor.errors import ExitCode
from auditor.simulator import Fault, OperationSpec, StaySpec
from auditor.stores.folder import FolderStore
from tests.night.parts import (
    ALL,
    FIRST,
    LATEST,
    NOW,
    SECOND,
    TOKEN,
    Audited,
    Bench,
    agent,
    estate,
    machine,
    refusal,
    subscription,
)

DAY = timedelta(days=1)
ARCHIVE = {"archive": {"url": "file:./archive"}}
OFF = agent("Linux", LATEST, auto_upgrade=False)
NIGHTS = [NOW - days * DAY for days in (3, 2, 1, 0)]
"""Whole days apart: each estate is served as of the last of them."""
FAILED = OperationSpec(NOW - 16 * DAY, OFF.name, outcome="Failed", error_code="VMExtensionProvisioningError")
"""Within the look-back of the first night alone."""
HEARD = (StaySpec(LATEST, NOW - 9 * DAY),)
"""Heartbeats tell its version: nothing has asked it by itself yet."""
MENDED = OperationSpec(NOW - timedelta(hours=1), OFF.name)


def kept(bench: Bench, at: datetime, *subscriptions: Any, faults: tuple[Fault, ...] = (), **wanted: Any) -> Audited:
    config = {**ARCHIVE, **wanted.pop("config", {})}
    return bench.audit(estate(*subscriptions), *faults, config=config, as_of=at, **wanted)


@pytest.fixture(scope="module")
def nights(shared_bench: Bench) -> list[Audited]:
    """Four of them: in the second one subscription refuses, the fourth asks for one subscription only."""
    operated = machine("operated", operations=(FAILED,))
    second = subscription(SECOND, machine("x", OFF))
    refuse = Fault(rf"/subscriptions/{SECOND}/", **refusal())
    return [
        kept(shared_bench, NIGHTS[0], subscription(FIRST, machine("a", OFF), machine("b", OFF), operated), second),
        kept(
            shared_bench,
            NIGHTS[1],
            subscription(FIRST, machine("a", OFF), machine("b"), machine("c", OFF), operated),
            second,
            faults=(refuse,),
            formats=ALL,
        ),
        kept(shared_bench, NIGHTS[2], subscription(FIRST, machine("a", OFF), machine("b"), operated), second),
        kept(
            shared_bench,
            NIGHTS[3],
            subscription(FIRST, machine("a", OFF), machine("b"), machine("operated", operations=(FAILED, MENDED))),
            second,
            subscriptions=[FIRST],
        ),
    ]


def changes(audited: Audited) -> dict[tuple[str, str], str]:
    return {(each["machine_name"], each["rule_id"]): each["change"] for each in audited.findings if each["change"]}


def departed(audited: Audited) -> dict[str, str]:
    return {row[3]: row[0] for row in audited.table("departed")}


def test_on_the_first_night_nothing_has_changed(nights: list[Audited]) -> None:
    first = nights[0]

    assert (changes(first), first.report.changed, first.report.nights) == ({}, None, ())
    assert {each["first_seen"] for each in first.findings} == {None}
    assert first.run["changes"]["since"] is None


def test_each_finding_says_what_has_become_of_it(nights: list[Audited]) -> None:
    assert changes(nights[1]) == {
        ("a", "AMA-001"): "still",
        ("b", "AMA-001"): "fixed",
        ("c", "AMA-001"): "new",
        ("operated", "AMA-003"): "still",
    }
    fixed = next(each for each in nights[1].findings if each["change"] == "fixed")
    assert (fixed["status"], fixed["first_seen"]) == ("pass", "2026-11-19T03:00:17Z"), "the verdict that saw it mended"


def test_a_subscription_that_refused_has_nothing_fixed_and_nothing_gone(nights: list[Audited]) -> None:
    assert "x" not in departed(nights[1])
    assert nights[1].run["changes"]["unanswered"] == 1
    assert "1 earlier failure was seen neither to fail tonight nor to be over" in nights[1].report.summary


def test_when_it_is_read_again_it_is_still_failing_and_since_the_first_night(nights: list[Audited]) -> None:
    finding = next(each for each in nights[2].findings if each["machine_name"] == "x" and each["status"] == "fail")

    assert (finding["change"], finding["first_seen"]) == ("still", "2026-11-19T03:00:17Z")


def test_a_machine_that_complete_lists_no_longer_show_is_gone(nights: list[Audited]) -> None:
    assert departed(nights[2]) == {"c": "gone"}
    assert "c" not in {each["machine_name"] for each in nights[2].findings}, "it has no verdict tonight"


def test_what_was_not_asked_for_is_not_gone(nights: list[Audited]) -> None:
    """The fourth night is of one subscription alone."""
    assert departed(nights[3]) == {"operated": "fixed"}
    assert nights[3].run["changes"]["unanswered"] == 1


def test_a_night_of_some_subscriptions_is_told_as_such(
    nights: list[Audited], shared_bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``wholly`` would be said of what it was not asked for."""
    monkeypatch.setenv("AUDITOR_ACCESS_TOKEN", "any")

    main(["history", "--config", str(shared_bench.folder / "config.yaml")])

    listed = capsys.readouterr().out.splitlines()[1:]
    assert ["some subscriptions" in line for line in listed] == [True, False, False, False]
    assert "some subscriptions" in (shared_bench.folder / "archive" / "index.html").read_text("utf-8")


def test_a_night_of_some_subscriptions_stands_in_no_later_trend(bench: Bench) -> None:
    """Its few failures would look like an improvement."""
    both = subscription(FIRST, machine("a", OFF)), subscription(SECOND, machine("b", OFF))
    azure = bench.simulate(estate(*both))
    asked: list[dict[str, Any]] = [{}, {"subscriptions": [FIRST]}, {}]

    *_earlier, last = (
        bench.audit(azure, config=ARCHIVE, as_of=at, **each) for at, each in zip(NIGHTS[1:], asked, strict=True)
    )

    assert [each.as_of for each in last.report.nights] == [NIGHTS[1], NIGHTS[3]]


def test_a_failed_operation_outlives_the_look_back_and_leaves_with_evidence(nights: list[Audited]) -> None:
    """14 days are read; it failed 15 days before the third night, and was put right before the fourth."""
    (third,) = [each for each in nights[2].findings if each["rule_id"] == "AMA-003" and each["status"] == "fail"]

    assert (third["machine_name"], third["change"]) == ("operated", "still")
    (operation,) = [each["value"] for each in third["evidence"] if each["name"] == "operation"]
    assert operation["error_code"] == "VMExtensionProvisioningError"
    assert changes(nights[3])["operated", "AMA-003"] == "fixed"


def test_the_number_of_verdicts_is_what_it_was(nights: list[Audited]) -> None:
    """What has departed stands in a table of its own."""
    for audited in nights:
        assert len(audited.findings) == sum(sum(each.values()) for each in audited.run["counts"].values())


def test_changes_add_up_with_failures(nights: list[Audited]) -> None:
    for audited in nights[1:]:
        counts = audited.run["changes"]["counts"]
        failing = sum(each["fail"] for each in audited.run["counts"].values())
        assert counts["new"] + counts["still"] + counts["changed"] == failing
        assert counts["fixed"] + counts["gone"] + counts["no_longer_visible"] == len(audited.table("departed"))


def test_the_report_counts_nights(nights: list[Audited]) -> None:
    told = nights[2].report.nights

    assert [each.as_of for each in told] == NIGHTS[:3]
    assert [each.complete for each in told] == [True, False, True]
    assert nights[2].report.changed is not None
    assert nights[2].report.changed.sentence.startswith(
        "Since the night of 2026-11-20 03:00 UTC: 3 still failing, 1 gone"
    )


def test_the_departed_stand_on_the_page_and_in_the_workbook(nights: list[Audited]) -> None:
    assert "No longer failing" in nights[1].page_text and "Since the night of" in nights[1].page_text
    assert [row[3] for row in nights[1].sheet("No longer failing")[1:]] == ["b"]


def test_each_nights_report_lies_beside_it_and_one_page_lists_them(nights: list[Audited], shared_bench: Bench) -> None:
    archive = shared_bench.folder / "archive"
    page = (archive / "index.html").read_text("utf-8")

    links = re.findall(r'href="(nights/[^"]+)"', page)
    assert len(re.findall(r"<tr><th", page)) == 5, "four nights and the head"
    assert all((archive / link).is_file() for link in links)
    assert sum(link.endswith("report.html") for link in links) == 1, "one night was asked for its page"
    assert "<script" not in page and "default-src 'none'" in page


def test_a_night_that_read_nothing_has_no_noughts_anywhere(shell: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """A nought among the failures of other nights would look like a night on which all was well."""
    wrong = subscription(FIRST, machine("a", OFF))
    kept(shell, NIGHTS[2], wrong)
    blind = kept(shell, NIGHTS[3], wrong, faults=(Fault("/subscriptions", **refusal()),), formats=ALL)
    main(["history", "--config", str(shell.folder / "config.yaml")])
    letter = (blind.folder / "letter.txt").read_text("utf-8")
    index = (shell.folder / "archive" / "index.html").read_text("utf-8")

    assert blind.run["exit_code"] == ExitCode.NOTHING_COLLECTED
    assert "- 11-22: nothing could be read" in letter
    assert "nothing that fails has changed" not in letter and "1 earlier failure was seen neither to fail" in letter
    assert [row[1] for row in blind.sheet("Nights")[1:]] == [1, ""]
    assert "2026-11-22: Fail -" in blind.page
    assert capsys.readouterr().out.splitlines()[1].split()[3:8] == ["nothing", "could", "be", "read", "-"]
    assert index.count("nothing could be read") == 1


def test_a_known_failure_is_not_read_again(bench: Bench) -> None:
    """What failed last night is no news: Resource Graph's word is enough."""
    config = {"sources": {"inventory": "resource_graph"}, **ARCHIVE}
    machines = (machine(name, *wrong, stays=HEARD) for name, wrong in (("a", (OFF,)), ("b", ())))
    azure = bench.simulate(estate(subscription(FIRST, *machines), beats=True))

    first, second = (bench.audit(azure, config=config, as_of=at) for at in NIGHTS[2:])

    assert (first.run["confirmed"]["machines"], second.run["confirmed"]["machines"]) == (1, 0)


@pytest.fixture
def shell(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("AUDITOR_ACCESS_TOKEN", TOKEN["AUDITOR_ACCESS_TOKEN"])
    return bench


def written(folder: Path) -> Mapping[str, Any]:
    return dict(json.loads((folder / "run.json").read_bytes()))


def test_a_snapshot_keeps_what_its_night_remembered(shell: Bench) -> None:
    """evaluate tells of it what run has told: changes, first nights, and the operation of long ago."""
    first = subscription(FIRST, machine("a", OFF), machine("b", OFF), machine("o", operations=(FAILED,)))
    kept(shell, NIGHTS[0], first)
    later = estate(subscription(FIRST, machine("a", OFF), machine("c", OFF), machine("o", operations=(FAILED,))))
    azure = shell.simulate(later)
    config, snapshot = shell.config(azure, ARCHIVE), shell.folder / "snapshot"
    at = ("--as-of", NIGHTS[2].isoformat(), "--quiet")
    main(["collect", "--config", str(config), "--output", str(snapshot), *at])
    assert len(FolderStore(shell.folder / "archive").nights()) == 1, "collecting alone keeps no night"

    run = shell.night(config, azure, as_of=NIGHTS[2])
    main(["evaluate", "--snapshot", str(snapshot), "--output", str(shell.folder / "again"), "--quiet"])

    again = shell.folder / "again"
    assert (again / "findings.json").read_bytes() == (run.folder / "findings.json").read_bytes()
    assert written(again)["changes"] == run.run["changes"]
    assert run.run["changes"]["counts"] == {
        "new": 1, "still": 2, "changed": 0, "fixed": 0, "gone": 1, "no_longer_visible": 0,
    }  # fmt: skip


def test_a_second_run_at_once_fetches_nothing(shell: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    azure = shell.simulate(estate(subscription(FIRST, machine("a"))))
    config = shell.config(azure, ARCHIVE)

    with FolderStore(shell.folder / "archive").locked():
        code = main(["run", "--config", str(config), "--output", str(shell.folder / "second")])

    assert code == ExitCode.SETTINGS_REFUSED
    assert "another run is at work in the archive" in capsys.readouterr().err
    assert not azure.requests.snapshot() and not (shell.folder / "second").exists()


def test_a_night_that_cannot_be_kept_has_its_report_and_says_so(
    shell: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can write to the archive any more when the report is made: exit code 4, in run.json too."""
    config = shell.config(shell.simulate(estate(subscription(FIRST, machine("a")))), ARCHIVE)
    output = shell.folder / "unkept"
    (shell.folder / "archive").mkdir()
    (shell.folder / "archive" / "index.html").mkdir()

    code = main(["run", "--config", str(config), "--output", str(output), "--quiet"])

    assert code == written(output)["exit_code"] == ExitCode.NOT_DELIVERED
    assert "could not be written" in " ".join(capsys.readouterr().out.split())


def test_history_lists_the_nights_and_compares_any_two(
    nights: list[Audited], shared_bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_ACCESS_TOKEN", "any")
    command = ["history", "--config", str(shared_bench.folder / "config.yaml")]

    assert main(command) == 0
    listed = capsys.readouterr().out
    assert main([*command, "2026-11-19", "2026-11-21"]) == 0
    compared = capsys.readouterr().out
    assert main([*command, "2026-11-19", "2026-11-22", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert [line[:16] for line in listed.splitlines()[1:]] == [f"2026-11-{day} 03:00" for day in (22, 21, 20, 19)]
    assert compared.startswith("From 2026-11-19 03:00 to 2026-11-21 03:00: 3 still failing, 1 fixed.")
    assert (told["counts"]["fixed"], told["unanswered"]) == (2, 1)


def test_history_of_a_folder_needs_neither_secrets_nor_rules(
    nights: list[Audited], shared_bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for at a terminal: the nightly job's environment and its own rules (``--rules``) are elsewhere."""
    monkeypatch.delenv("AUDITOR_ACCESS_TOKEN", raising=False)
    config = shared_bench.folder / "terminal.yaml"
    text = (shared_bench.folder / "config.yaml").read_text("utf-8")
    config.write_text(f"{text}\nexemptions: of-own-rules.yaml\n", "utf-8")
    (shared_bench.folder / "of-own-rules.yaml").write_text("- {rule: OWN-001}\n")

    assert main(["history", "--config", str(config)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(nights)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ([], "no nights are kept: set archive.url"),
        (["one", "two", "three"], "name two nights at the most"),
    ],
)
def test_history_says_what_it_needs(
    line: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "" if not line else "archive: {url: 'file:./archive'}\n"
    (tmp_path / "config.yaml").write_text(text)

    assert main(["history", "--config", str(tmp_path / "config.yaml"), *line]) == ExitCode.SETTINGS_REFUSED
    assert told in capsys.readouterr().err
