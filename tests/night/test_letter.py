"""Whole nights that deliver: the letter agrees with the report, run.json holds the receipts, the exit code says it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from auditor.cli import main
from auditor.errors import ExitCode
from auditor.model.verdict import Severity
from auditor.simulator import Fault
from tests.mailbox import MailServer, serving
from tests.night.parts import (
    FIRST,
    LATEST,
    NOW,
    OLD,
    SECOND,
    TOKEN,
    Audited,
    Bench,
    agent,
    estate,
    machine,
    machine_id,
    refusal,
    subscription,
)

REFUSED = Fault(rf"/subscriptions/{SECOND}/", **refusal())
ONE_OLD = estate(
    subscription(FIRST, machine("web-1", agent("Linux", OLD, auto_upgrade=False)), machine("web-2"), name="Shop"),
    subscription(SECOND, machine("db-1"), name="Ledger"),
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving(MailServer()) as served:
        yield served


def delivering(server: MailServer, **changes: Any) -> dict[str, Any]:
    smtp = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "from": "a@example.com",
        "to": "b@example.com",
    }
    return {"deliver": [{"smtp": {**smtp, **changes}}]}


@pytest.fixture(scope="module")
def sent(shared_bench: Bench) -> tuple[Audited, MailServer]:
    """A night with a failing machine and a subscription that refuses, delivered."""
    with serving(MailServer()) as server:
        audited = shared_bench.audit(ONE_OLD, REFUSED, config=delivering(server), formats=("html", "json"))
    return audited, server


def test_the_subject_says_what_fails_and_what_could_not_be_read(sent: tuple[Audited, MailServer]) -> None:
    audited, server = sent
    [mail] = server.mails
    failures = sum(each["status"] == "fail" for each in audited.findings)

    assert failures > 1
    assert mail["Subject"] == (
        f"{failures} failures on 1 machine; 1 subscription could not be read - Azure extension audit"
    )


def test_letter_page_and_console_say_the_same(sent: tuple[Audited, MailServer]) -> None:
    audited, _server = sent
    html = (audited.folder / "letter.html").read_text("utf-8")
    seen = " ".join(unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)).split())
    text = (audited.folder / "letter.txt").read_text("utf-8")

    assert audited.report.banner
    for sentence in (audited.report.headline, audited.report.banner.sentence, audited.report.summary):
        assert sentence in seen and sentence in text and sentence in audited.page_text
    told = {(each["rule_id"], each["reason"]) for each in audited.findings if each["status"] == "fail"}
    assert all(rule in seen and rule in text for rule, _reason in told)
    assert "web-1" in text and "Shop" in text and "What to do: Set enableAutomaticUpgrade to true" in text


def test_the_receipts_are_written_into_run_json(sent: tuple[Audited, MailServer]) -> None:
    audited, _server = sent

    [receipt] = audited.run["receipts"]
    assert {key: receipt[key] for key in ("recipient", "accepted", "code", "run_id", "attached")} == {
        "recipient": "b@example.com",
        "accepted": True,
        "code": 250,
        "run_id": audited.run["run_id"],
        "attached": ["report.html"],
    }
    assert audited.run["exit_code"] == audited.code == ExitCode.INCOMPLETE
    assert "deliver" in audited.run["seconds"]
    assert sorted(each.name for each in audited.folder.parent.iterdir() if "partial" in each.name) == []


def test_a_night_that_could_read_nothing_sends_a_short_letter_and_ends_with_3(bench: Bench, server: MailServer) -> None:
    audited = bench.audit(
        ONE_OLD, Fault("/subscriptions/", **refusal()), config=delivering(server, when="failures"), formats=("json",)
    )

    assert audited.code is ExitCode.NOTHING_COLLECTED
    [mail] = server.mails
    assert mail["Subject"] == "Nothing could be read - Azure extension audit"
    text = mail.get_body(("plain",))
    assert text is not None
    told = text.get_content()
    assert "Nothing could be read" in told and "No subscription was judged" in told and "What could not be read" in told
    assert "Verdicts by rule" not in told and len(told) < 3_000


def test_a_letter_that_is_refused_ends_with_4_and_the_next_night_sends_it_first(
    bench: Bench, server: MailServer
) -> None:
    """Findings at --fail-on come after 4; the kept letter lies beside the output folder, which the night replaces."""
    azure = bench.simulate(ONE_OLD)
    config = bench.config(azure, delivering(server))
    server.answers = ["554 5.7.1 Refused"]
    first = bench.night(config, azure, fail_on=Severity.LOW)
    outbox = first.folder.with_name(f"{first.folder.name}.outbox")

    assert first.code == first.run["exit_code"] == ExitCode.NOT_DELIVERED
    assert [each["code"] for each in first.run["receipts"]] == [554]
    assert [each.name for each in outbox.glob("*.zip")] == [f"{first.run['run_id']}-0.zip"]

    bench.nights = iter([int(first.folder.name.removeprefix("report-"))])
    second = bench.night(config, azure, as_of=NOW + timedelta(days=1))
    assert second.folder == first.folder
    assert (second.code, outbox.exists()) == (ExitCode.DELIVERED, False)
    assert len(server.taken) == 2 and len(second.run["receipts"]) == 2


def test_a_night_that_waits_for_the_mail_server_says_so(bench: Bench, server: MailServer) -> None:
    server.answers = ["451 4.7.1 Greylisted, come again"]
    azure = bench.simulate(ONE_OLD)

    audited = bench.night(bench.config(azure, delivering(server)), azure)

    assert audited.told.waits == [("letters", audited.pauses.asked[-1])] and len(server.taken) == 1


def test_a_night_that_could_not_be_kept_is_kept_by_the_next_start_and_has_no_second_letter(
    bench: Bench, server: MailServer
) -> None:
    """A full disk, perhaps: a tick every ten minutes would otherwise audit and send all night long."""
    azure = bench.simulate(ONE_OLD)
    archive = bench.folder / "archive"
    config = bench.config(azure, {**delivering(server), "archive": {"url": f"file:{archive}"}})
    archive.mkdir()
    nights = archive / "nights"
    nights.write_text("in the way")

    first, second = bench.night(config, azure), bench.night(config, azure)
    nights.unlink()
    third = bench.night(config, azure)

    assert [each.code for each in (first, second, third)] == [ExitCode.NOT_DELIVERED] * 2 + [ExitCode.DELIVERED]
    assert len({each.run["run_id"] for each in (first, second, third)}) == 1 and len(server.taken) == 1
    assert [each.name for each in nights.iterdir()] == [third.run["run_id"]]
    assert "outbox" not in {name for name, _told in second.told.stages}, "what is there tells of one that was sent"
    assert not [each for name in ("under-way", "outbox") for each in (archive / name).glob("*")], (
        "nothing is left of it"
    )
    assert (
        "resume",
        "The night is not kept, and so not over: the next start tries to keep it, and sends nothing twice.",
    ) in (first.told.stages)


def test_with_no_deliver_nothing_is_sent_and_what_is_kept_stays(
    bench: Bench, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = bench.simulate(estate(subscription(FIRST, machine("web-1", agent("Linux", LATEST)))))
    config, output = bench.config(azure, delivering(server)), bench.folder / "out"
    monkeypatch.setenv(*next(iter(TOKEN.items())))
    kept = bench.folder / "out.outbox" / "20260101T000000Z-00000000-0"
    kept.mkdir(parents=True)
    (kept / "envelope.json").write_text("{}")
    command = ["run", "--config", str(config), "--output", str(output), "--format", "json", "-q"]

    assert main([*command, "--no-deliver"]) == ExitCode.DELIVERED
    assert (server.handed_over, kept.exists()) == ([], True)
    assert json.loads((output / "run.json").read_bytes())["receipts"] == []


def test_what_was_not_delivered_is_told_at_the_end_even_when_quiet(
    bench: Bench, server: MailServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    azure = bench.simulate(estate(subscription(FIRST, machine("web-1", agent("Linux", LATEST)))))
    config, output = bench.config(azure, delivering(server)), bench.folder / "out"
    monkeypatch.setenv(*next(iter(TOKEN.items())))
    server.answers = ["554 5.7.1 Refused"]

    assert main(["run", "--config", str(config), "--output", str(output), "--format", "json", "-q"]) == 4
    told = capsys.readouterr().out
    assert "was not sent to b@example.com: 127.0.0.1 did not take it (554 5.7.1 Refused)." in told
    assert f"It is kept in {output}.outbox/" in told


def test_a_failure_whose_exemption_has_ended_is_told(bench: Bench, server: MailServer) -> None:
    """It fails for its old reason, and by now nobody accepts that: who wants new failures alone hears of it, once."""
    azure = bench.simulate(estate(subscription(FIRST, machine("off", agent("Linux", LATEST, auto_upgrade=False)))))
    (bench.folder / "none.yaml").write_text("[]")
    told = {"rule": "AMA-001", "owner": "Payroll", "reason": "Certified by hand", "ticket": "CHG-1"}
    entry = {**told, "resource": machine_id("off"), "expires": NOW.date().isoformat()}
    (bench.folder / "exempt.yaml").write_text(json.dumps([entry]))
    archive = {"archive": {"url": "file:./archive"}}
    letters = []
    for day, exemptions in ((-1, "none"), (0, "exempt"), (1, "exempt"), (2, "exempt")):
        changes = {**delivering(server, when="new_failures"), **archive, "exemptions": f"{exemptions}.yaml"}
        audited = bench.night(bench.config(azure, changes), azure, as_of=NOW + timedelta(days=day))
        letters.append((len(server.taken), [each["change"] for each in audited.findings if each["status"] == "fail"]))

    assert letters == [(1, [None]), (1, []), (2, ["changed"]), (2, ["still"])]
    assert server.mails[1]["Subject"] == "no new failure, 1 changed - Azure extension audit"
