"""Letters over SMTP, against a real server: who took them, what is tried again, what is kept; no secret is told."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from auditor.deliver import Outbox, PostOffice
from auditor.deliver.smtp import check
from auditor.model.delivery import Smtp, WayOut, When
from auditor.model.letter import Envelope
from auditor.model.posted import Posted
from tests.mailbox import DROP, PASSWORD, USER, Authority, MailServer, parsed, saying, serving

RUN = "20261122T030017Z-1f3a5b7d"
ENVELOPE = Envelope(
    run_id=RUN,
    subject="3 new failures, 41 still, 7 fixed; 1 subscription could not be read - 監査 of agents",
    occasions=frozenset({When.ALWAYS, When.FAILURES}),
    beside="It lies beside this letter: report.html report.xlsx",
    attached="It is attached: {files}",
    left_off="Not attached, over our limit: {files}",
    too_large="Not attached, the server refused it: {files}",
    elsewhere="It lies where the audit runs.",
)
ANN, BOB = "ann@example.com", "bob@example.com"


class Asked:
    """Takes the place of sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Sender:
    """A letter in an output folder, and a post office with one way out to Ann and Bob."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pause = folder / "report", Asked()
        self.outbox = Outbox(folder / "report.outbox")
        self.folder.mkdir()
        picture = '<img src="data:image/png;base64,aGVsbG8=" alt="bars">'
        page = f"<!DOCTYPE html><html><body><p>{ENVELOPE.beside}</p>{picture}</body></html>"
        (self.folder / "letter.html").write_text(page)
        (self.folder / "letter.txt").write_text(f"サーバー\n{ENVELOPE.beside}\n")
        (self.folder / "report.html").write_text("<html>頁 page</html>" * 1000)
        (self.folder / "report.xlsx").write_bytes(b"PK" * 20_000)

    def office(self, server: MailServer, **changes: Any) -> PostOffice:
        return PostOffice([WayOut(smtp=smtp(server, **changes))], self.outbox, self.pause)

    def send(self, server: MailServer, **changes: Any) -> Posted:
        return self.office(server, **changes).send(self.folder, ENVELOPE)

    @property
    def kept(self) -> list[str]:
        return sorted(each.name for each in self.outbox.folder.iterdir()) if self.outbox.folder.exists() else []


def smtp(server: MailServer, **changes: Any) -> Smtp:
    told = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "from": "Agent Audit 監査 <audit@example.com>",
        "to": [f"Ann Ünal <{ANN}>"],
        "cc": [BOB],
        "reply_to": "helpdesk@example.com",
    }
    return Smtp.model_validate({**told, **changes}, strict=False)


def signed(authority: Authority, password: str = PASSWORD) -> dict[str, Any]:
    return {"security": "starttls", "ca_bundle": authority.bundle, "username": USER, "password": password}


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(tmp_path)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving(MailServer()) as served:
        yield served


def told(posted: Posted) -> list[tuple[str, bool, int | None, int]]:
    return [(each.recipient, each.accepted, each.code, each.tries) for each in posted.receipts]


def test_over_starttls_and_auth_the_letter_arrives_with_all_its_parts(sender: Sender, authority: Authority) -> None:
    with serving(MailServer(), authority.context, auth=True) as server:
        posted = sender.send(server, **signed(authority))
        assert server.signed_in == [USER]
        [mail] = server.mails

    assert posted.problems == ()
    assert told(posted) == [(ANN, True, 250, 1), (BOB, True, 250, 1)]
    assert {each.answer for each in posted.receipts} == {"2.0.0 queued as 4711"}
    assert server.taken[0].rcpt_tos == [ANN, BOB]
    assert mail["Subject"] == ENVELOPE.subject
    assert mail["Message-ID"] == f"<{RUN}@example.com>" == posted.receipts[0].message_id
    assert (mail["From"], mail["To"], mail["Cc"]) == (
        "Agent Audit 監査 <audit@example.com>",
        f"Ann Ünal <{ANN}>",
        BOB,
    )
    assert (mail["Reply-To"], mail["Auto-Submitted"]) == ("helpdesk@example.com", "auto-generated")
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None and text is not None
    assert text.get_content().split("\r\n") == ["サーバー", "It is attached: report.html report.xlsx", ""]
    assert 'src="cid:chart-1@example.com"' in html.get_content() and "data:" not in html.get_content()
    [picture] = [part for part in mail.walk() if part["Content-ID"]]
    assert (picture["Content-ID"], picture.get_content()) == ("<chart-1@example.com>", b"hello")
    names = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert names["report.html"].startswith("<html>頁 page"), "read by the charset that its part names"
    assert names["report.xlsx"] == b"PK" * 20_000
    assert isinstance(server.taken[0].content, bytes) and server.taken[0].content.isascii()


def test_over_tls_from_the_first_byte_it_arrives(sender: Sender, authority: Authority) -> None:
    with serving(MailServer(), authority.context, implicit=True) as server:
        assert sender.send(server, security="tls", ca_bundle=authority.bundle).problems == ()
        assert len(server.taken) == 1


def test_what_is_over_the_budget_stays_behind_and_the_letter_says_so(sender: Sender, server: MailServer) -> None:
    sender.send(server, attach_budget="30kB")

    [mail] = server.mails
    text = mail.get_body(("plain",))
    assert text is not None
    assert "It is attached: report.html Not attached, over our limit: report.xlsx" in text.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["report.html"]


def test_a_night_that_is_no_occasion_for_anybody_sends_nothing(sender: Sender, server: MailServer) -> None:
    assert sender.send(server, when=["new_failures", "incomplete"]) == Posted()
    assert server.handed_over == []
    assert sender.send(server, when=["new_failures", "failures"]).receipts


def test_a_wrong_password_is_a_sentence_and_the_letter_is_kept(sender: Sender, authority: Authority) -> None:
    with serving(MailServer(), authority.context, auth=True) as server:
        posted = sender.send(server, **signed(authority, "wrong-for-a-test"))

    assert told(posted) == [(ANN, False, 535, 1), (BOB, False, 535, 1)]
    assert sender.pause.seconds == [], "asking again would lock the account"
    place = sender.outbox.folder / f"{RUN}-0"
    [problem] = posted.problems
    assert problem == (
        f"The letter of run {RUN} was not sent to {ANN}, {BOB}: 127.0.0.1 did not accept the user name and the "
        "password (535 5.7.8 Authentication credentials invalid). Set the environment variable that the password names "
        f"in deliver to the right one. It is kept in {place}, and the next start sends it."
    )
    assert sender.kept == [f"{RUN}-0"]


def test_a_greylisting_server_is_asked_again_for_those_only_who_wait(sender: Sender, server: MailServer) -> None:
    server.to = {BOB: ["451 4.7.1 Greylisted, try again later", "451 4.7.1 Greylisted, try again later"]}
    posted = sender.send(server)

    assert told(posted) == [(ANN, True, 250, 1), (BOB, True, 250, 3)]
    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]], "nobody gets it twice"
    assert sender.pause.seconds == [30, 60]
    assert (posted.problems, sender.kept) == ((), [])


def test_a_server_that_never_takes_it_is_asked_within_a_bound(sender: Sender, server: MailServer) -> None:
    server.answers = ["451 4.3.0 Later"] * 100
    posted = sender.send(server)

    assert len(server.handed_over) == 6
    assert sum(sender.pause.seconds) <= 15 * 60
    assert {(accepted, code) for _to, accepted, code, _tries in told(posted)} == {(False, 451)}
    assert sender.kept == [f"{RUN}-0"]


def test_what_is_too_large_is_sent_again_without_files_and_says_so(sender: Sender, server: MailServer) -> None:
    server.most = 20_000
    posted = sender.send(server)

    assert len(server.handed_over) == 2
    [mail] = server.mails
    text = mail.get_body(("plain",))
    assert text is not None and "the server refused it: report.html report.xlsx" in text.get_content()
    assert list(mail.iter_attachments()) == []
    assert (posted.problems, sender.pause.seconds) == ((), [])
    assert {(each.accepted, each.attached) for each in posted.receipts} == {(True, ())}


def test_a_connection_dropped_after_the_letter_is_tried_again_with_the_same_id(
    sender: Sender, server: MailServer
) -> None:
    server.answers = [DROP]
    posted = sender.send(server)

    first, second = server.handed_over
    assert first.content == second.content, "the same letter, and the same Message-ID"
    assert parsed(first)["Message-ID"] == f"<{RUN}@example.com>"
    assert told(posted) == [(ANN, True, 250, 2), (BOB, True, 250, 2)]
    assert posted.problems == ()


@pytest.mark.parametrize(
    "answers",
    [
        {"banner": "SSH-2.0-OpenSSH_9.6"},
        {"banner": "HTTP/1.1 400 Bad Request"},
        {"MAIL": "hello"},
        {"RCPT": "\0\0\0"},
        {"DATA": "250 OK"},
        {".": "queued?"},
        {".": "354 Go on"},
        {"MAIL": "421 Closing", "QUIT": "250 OK"},
    ],
)
def test_only_a_yes_to_the_whole_letter_is_a_letter_that_arrived(sender: Sender, answers: dict[str, str]) -> None:
    with saying(answers) as server:
        posted = sender.send(server)

    assert {each.accepted for each in posted.receipts} == {False}
    assert len(posted.problems) == 1
    assert sender.kept == [f"{RUN}-0"]


def test_a_recipient_whom_the_server_cannot_verify_but_takes_gets_the_letter(sender: Sender) -> None:
    server = MailServer(to={ANN: ["252 2.1.5 Will try"]})
    with serving(server):
        posted = sender.send(server)

    assert told(posted) == [(ANN, True, 250, 1), (BOB, True, 250, 1)]
    assert len(server.taken) == 1


def test_one_refused_recipient_is_told_and_the_others_have_their_letter(sender: Sender, server: MailServer) -> None:
    server.to = {BOB: ["550 5.1.1 No such user"]}
    posted = sender.send(server)

    assert told(posted) == [(ANN, True, 250, 1), (BOB, False, 550, 1)]
    [problem] = posted.problems
    assert (
        problem == f"The letter of run {RUN} was not sent to {BOB}: 127.0.0.1 did not take it (550 5.1.1 No such user)."
    )
    assert sender.kept == [], "the server has answered for good, and the others have the letter"


def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_told(
    sender: Sender, authority: Authority
) -> None:
    with serving(MailServer(), authority.context, auth=True) as server:
        posted = sender.send(server, **{**signed(authority), "ca_bundle": None})

    assert (server.signed_in, server.handed_over, sender.pause.seconds) == ([], [], [])
    assert "127.0.0.1 was not reached: its certificate is not trusted" in posted.problems[0]
    assert sender.kept == [f"{RUN}-0"]


def test_a_server_without_starttls_gets_neither_password_nor_letter(sender: Sender, authority: Authority) -> None:
    with serving(MailServer()) as server:
        posted = sender.send(server, **signed(authority))

    assert (server.signed_in, server.handed_over) == ([], [])
    assert "STARTTLS extension not supported by server" in posted.problems[0]


def test_nobody_answers_and_the_letter_is_kept(sender: Sender) -> None:
    with serving(MailServer()) as server:
        pass
    posted = sender.send(server)

    assert "127.0.0.1 was not reached: Connection refused." in posted.problems[0]
    assert len(sender.pause.seconds) == 5
    assert sender.kept == [f"{RUN}-0"]


def test_a_kept_letter_is_sent_by_the_next_start_once_with_its_own_id_and_files(sender: Sender) -> None:
    with serving(MailServer(answers=["451 Later"] * 6)) as server:
        sender.send(server)
        (sender.folder / "report.html").write_text("the next night's page")
        posted = sender.office(server).send_kept()
        again = sender.office(server).send_kept()

        [mail] = server.mails
    assert told(posted) == [(ANN, True, 250, 1), (BOB, True, 250, 1)]
    assert (posted.receipts[0].run_id, mail["Message-ID"]) == (RUN, f"<{RUN}@example.com>")
    assert next(mail.iter_attachments()).get_content().startswith("<html>頁 page")
    assert again == Posted()
    assert not sender.outbox.folder.exists()


def test_a_kept_letter_reaches_those_only_who_have_it_not(sender: Sender, server: MailServer) -> None:
    server.to = {BOB: ["450 4.2.0 Busy"] * 6}
    sender.send(server)
    posted = sender.office(server).send_kept()

    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]]
    assert told(posted) == [(BOB, True, 250, 1)]
    assert sender.kept == []


def test_a_kept_letter_that_fails_again_stays_and_is_told(sender: Sender, server: MailServer) -> None:
    server.answers = ["451 Later"] * 7
    sender.send(server)
    sender.pause.seconds.clear()
    posted = sender.office(server).send_kept()

    assert sender.pause.seconds == [], "the night waits for nothing that an earlier one left"
    assert f"It stays in {sender.outbox.folder / f'{RUN}-0'}, and the next start sends it." in posted.problems[0]
    assert sender.kept == [f"{RUN}-0"]


def test_after_an_address_is_mended_the_kept_letter_goes_to_the_right_one(sender: Sender, server: MailServer) -> None:
    server.to = {"an@example.com": ["550 5.1.1 No such user"]}
    sender.send(server, to="an@example.com", cc=[])
    assert sender.kept == [f"{RUN}-0"], "nobody has it"
    sender.office(server, cc=[]).send_kept()

    assert ([each.rcpt_tos for each in server.taken], sender.kept) == ([[ANN]], [])


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked there")
def test_a_run_that_begins_while_another_waits_for_the_server_sends_its_letter_no_second_time(
    sender: Sender, server: MailServer
) -> None:
    begun: list[Posted] = []
    server.answers = ["451 4.7.1 Greylisted", "451 4.7.1 Greylisted"]
    office = replace(sender.office(server), pause=lambda _seconds: begun.append(sender.office(server).send_kept()))
    posted = office.send(sender.folder, ENVELOPE)

    assert begun == [Posted(), Posted()], "it leaves it to the first"
    assert told(posted) == [(ANN, True, 250, 3), (BOB, True, 250, 3)]
    assert (len(server.handed_over), len(server.taken), sender.kept) == (3, 1, [])


def test_a_letter_that_cannot_even_be_kept_is_told(sender: Sender) -> None:
    sender.outbox.folder.write_text("in the way")
    with serving(MailServer(answers=["550 5.7.1 Spam"])) as server:
        posted = sender.send(server)

    assert "It could not be kept either (not a directory)" in posted.problems[0]


@pytest.mark.parametrize("content", ["{}", "[]", "", '{"run_id": "2026', '{"subject": "a\\nBcc: victim@example.com"}'])
def test_an_envelope_that_somebody_changed_ends_no_night_and_keeps_no_other_letter_back(
    sender: Sender, server: MailServer, content: str
) -> None:
    server.answers = ["550 5.7.1 Spam"]
    sender.send(server)
    whole = sender.outbox.folder / f"{RUN}-0"
    damaged = whole.with_name("20261121T030017Z-1f3a5b7d-0")
    copytree(whole, damaged)
    if "subject" in content:
        content = json.dumps({**json.loads((whole / "envelope.json").read_text()), **json.loads(content)})
    (damaged / "envelope.json").write_text(content)
    posted = sender.office(server).send_kept()

    assert posted.problems == (
        f"What is kept in {damaged} was not sent: its envelope is not as it was written. Look at it, or move it away.",
    )
    assert (len(server.taken), sender.kept) == (1, [damaged.name])


def test_a_kept_letter_that_has_lost_its_words_keeps_no_other_back(sender: Sender, server: MailServer) -> None:
    server.answers = ["550 5.7.1 Spam"]
    sender.send(server)
    whole = sender.outbox.folder / f"{RUN}-0"
    damaged = whole.with_name("20261121T030017Z-1f3a5b7d-0")
    copytree(whole, damaged)
    (damaged / "letter.txt").unlink()
    posted = sender.office(server).send_kept()

    [problem] = posted.problems
    assert f"What is kept in {damaged} was not sent: no such file or directory" in problem
    assert (len(server.taken), sender.kept) == (1, [damaged.name])


def test_who_is_ended_while_he_waits_for_the_server_leaves_the_letter_to_the_next_start(
    sender: Sender, server: MailServer
) -> None:
    def killed(_seconds: float) -> None:
        raise KeyboardInterrupt

    server.to = {BOB: ["450 4.2.0 Greylisted"]}
    office = replace(sender.office(server), pause=killed)
    with pytest.raises(KeyboardInterrupt):
        office.send(sender.folder, ENVELOPE)
    sender.office(server).send_kept()

    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]], "and nobody has it twice"
    assert sender.kept == []


def test_the_password_is_told_nowhere(
    sender: Sender, authority: Authority, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not by errors, receipts, logs, kept letters, nor by the settings themselves."""
    caplog.set_level(logging.DEBUG)
    secret = "geheim-und-lang"
    with serving(MailServer(), authority.context, auth=True) as server:
        posted = sender.send(server, **signed(authority, secret))
        way = smtp(server, **signed(authority, secret))

    files = b"".join(each.read_bytes() for each in sender.outbox.folder.rglob("*") if each.is_file())
    assert secret.encode() not in files
    assert secret not in f"{posted}{way!r}{way.model_dump_json()}{caplog.text}{capfd.readouterr()}"


def test_a_servers_answer_is_told_on_one_line_without_the_password(sender: Sender, authority: Authority) -> None:
    answers = [f"550-5.7.1 You sent {PASSWORD}\r\n550 and\ttabs"]
    with serving(MailServer(answers=answers), authority.context, auth=True) as server:
        posted = sender.send(server, **signed(authority))

    assert posted.receipts[0].answer == "5.7.1 You sent *** and tabs"


def test_no_title_and_no_name_begins_a_header_of_its_own(sender: Sender, server: MailServer) -> None:
    """What the settings let through as one line is one header, whatever it looks like."""
    envelope = Envelope(RUN, "Bcc: victim@example.com \u202e😀 " + "x" * 300, frozenset(When), *["-"] * 5)
    sender.office(server).send(sender.folder, envelope)

    [mail] = server.mails
    assert mail["Subject"] == envelope.subject
    assert (mail["Bcc"], server.taken[0].rcpt_tos) == (None, [ANN, BOB])


def test_doctor_signs_in_and_sends_nothing(authority: Authority) -> None:
    with serving(MailServer(), authority.context, auth=True) as server:
        assert check(smtp(server, **signed(authority))) is None
        assert "did not accept the user name" in str(check(smtp(server, **signed(authority, "wrong-for-a-test"))))
        assert server.handed_over == []
