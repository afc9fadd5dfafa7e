"""Letters over SMTP, against a real server: who took them, what is tried again, what is kept; no secret is told."""

from __future__ import annotations

import logging

import pytest

from auditor.deliver.smtp import check
from auditor.model.delivery import When
from auditor.model.letter import Envelope
from auditor.model.posted import Posted
from tests.mailbox import DROP, PASSWORD, USER, Authority, MailServer, parsed, saying, serving
from tests.unit.deliver.parts import ANN, BOB, ENVELOPE, RUN, Sender, ended, signed, smtp, told


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


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
    assert mail["Message-ID"] == f"<{RUN}-0@example.com>" == posted.receipts[0].message_id
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
    place = sender.beside / f"{RUN}-0.zip"
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
    assert parsed(first)["Message-ID"] == f"<{RUN}-0@example.com>"
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


def test_the_password_is_told_nowhere(
    sender: Sender, authority: Authority, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not by errors, receipts, logs, kept letters, nor by the settings themselves."""
    caplog.set_level(logging.DEBUG)
    secret = "geheim-und-lang"
    with serving(MailServer(), authority.context, auth=True) as server:
        posted = sender.send(server, **signed(authority, secret))
        way = smtp(server, **signed(authority, secret))

    files = b"".join(each.read_bytes() for each in sender.beside.rglob("*") if each.is_file())
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
    ended(sender.office(server), sender.folder, envelope)

    [mail] = server.mails
    assert mail["Subject"] == envelope.subject
    assert (mail["Bcc"], server.taken[0].rcpt_tos) == (None, [ANN, BOB])


def test_doctor_signs_in_and_sends_nothing(authority: Authority) -> None:
    with serving(MailServer(), authority.context, auth=True) as server:
        assert check(smtp(server, **signed(authority))) is None
        assert "did not accept the user name" in str(check(smtp(server, **signed(authority, "wrong-for-a-test"))))
        assert server.handed_over == []
