"""Letters that wait in the outbox: each arrives once and in its order, whatever ends a night, and at nobody else's."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ArchiveBusy
from auditor.model.posted import Posted
from auditor.stores.folder import FolderStore
from tests.mailbox import MailServer, parsed, serving
from tests.unit.deliver.parts import ANN, BOB, ENVELOPE, RUN, Sender, ended, told
from tests.unit.stores.full import FullStore

CAROL = "carol@example.com"
LATER = "20261123T030017Z-1f3a5b7d"


def reached(server: MailServer) -> list[tuple[str, list[str]]]:
    """The Message-ID of each letter that was taken, and for whom."""
    return [(parsed(each)["Message-ID"], each.rcpt_tos) for each in server.taken]


def test_a_kept_letter_is_sent_by_the_next_start_once_with_its_own_id_and_files(sender: Sender) -> None:
    with serving(MailServer(answers=["451 Later"] * 6)) as server:
        sender.send(server)
        (sender.folder / "report.html").write_text("the next night's page")
        posted = sender.send_kept(server)
        again = sender.send_kept(server)

        [mail] = server.mails
    assert told(posted) == [(ANN, True, 250, 7), (BOB, True, 250, 7)], "how often it was handed over in all"
    assert (posted.receipts[0].run_id, mail["Message-ID"]) == (RUN, f"<{RUN}-0@example.com>")
    assert next(mail.iter_attachments()).get_content().startswith("<html>頁 page")
    assert again == Posted()
    assert not sender.beside.exists()


def test_a_kept_letter_reaches_those_only_who_have_it_not(sender: Sender, server: MailServer) -> None:
    server.to = {BOB: ["450 4.2.0 Busy"] * 6}
    sender.send(server)
    posted = sender.send_kept(server)

    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]]
    assert told(posted) == [(BOB, True, 250, 7)]
    assert sender.kept == []


def test_a_kept_letter_that_fails_again_stays_and_is_told(sender: Sender, server: MailServer) -> None:
    server.answers = ["451 Later"] * 7
    sender.send(server)
    sender.pause.seconds.clear()
    posted = sender.send_kept(server)

    assert sender.pause.seconds == [], "the beginning of a night waits for nothing that an earlier one left"
    assert f"It is kept in {sender.beside / f'{RUN}-0.zip'}, and the next start sends it." in posted.problems[0]
    assert sender.kept == [f"{RUN}-0"]


def test_letters_of_several_nights_go_out_in_their_order(sender: Sender) -> None:
    """A server that is down for three nights: each has its letter kept, and the fourth sends them all, once each."""
    nights = [f"2026112{day}T030017Z-1f3a5b7d" for day in range(2, 6)]
    with serving(MailServer()) as down:
        pass
    for run_id in nights[:3]:
        sender.send_kept(down)
        posted = ended(sender.office(down), sender.folder, replace(ENVELOPE, run_id=run_id))
    told_of = [problem.split(" was not sent")[0] for problem in posted.problems]
    assert told_of == [f"The letter of run {run_id}" for run_id in nights[:3]]
    assert sender.kept == [f"{run_id}-0" for run_id in nights[:3]]

    with serving(MailServer()) as up:
        office = sender.office(up)
        office.empty(tries=1)
        posted = ended(office, sender.folder, replace(ENVELOPE, run_id=nights[3]))
        assert reached(up) == [(f"<{run_id}-0@example.com>", [ANN, BOB]) for run_id in nights]
    assert [each.run_id for each in posted.receipts if each.accepted] == [
        each for each in nights for _recipient in "ab"
    ]
    assert not sender.beside.exists()


def test_a_server_that_is_down_is_asked_once_a_round_however_many_letters_wait(sender: Sender) -> None:
    with serving(MailServer()) as down:
        pass
    ended(sender.office(down, down), sender.folder)
    posted = ended(sender.office(down, down), sender.folder, replace(ENVELOPE, run_id=LATER))

    assert len(sender.pause.seconds) == 10, "five waits a night, not for each letter"
    assert {(each.run_id, each.tries) for each in posted.receipts} == {(RUN, 12), (RUN, 0), (LATER, 0)}


def test_a_letter_that_makes_the_server_hang_up_keeps_the_next_one_back_no_longer_than_itself(
    sender: Sender, server: MailServer
) -> None:
    server.answers = ["451 Later"] * 6
    sender.send(server)
    server.answers = ["drop"]
    posted = ended(sender.office(server), sender.folder, replace(ENVELOPE, run_id=LATER))

    assert reached(server) == [(f"<{LATER}-0@example.com>", [ANN, BOB]), (f"<{RUN}-0@example.com>", [ANN, BOB])]
    assert posted.problems == ()


def test_a_kept_letter_goes_to_nobody_whom_it_was_not_for(sender: Sender, server: MailServer) -> None:
    """An audit is for those who were named when it was made, though another has their place in deliver by now."""
    server.answers = ["451 Later"] * 6
    sender.send(server)
    posted = sender.send_kept(server, to=CAROL, cc=[ANN])

    assert [each.rcpt_tos for each in server.taken] == [[ANN]]
    place = sender.beside / f"{RUN}-0.zip"
    [problem] = posted.problems
    assert problem == (
        f"The letter of run {RUN} is for {BOB}, whom deliver does not name any more: nobody else gets it. Name them "
        f"there again, or remove {place} where nobody waits for it."
    )
    sender.send_kept(server, to=BOB, cc=[])
    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]]
    assert sender.kept == []


def test_a_kept_letter_follows_its_readers_to_other_ways_out(sender: Sender, server: MailServer) -> None:
    """Each by the way that names him, wherever it stands, and however his address is written there."""
    server.answers = ["451 Later"] * 6
    sender.send(server)
    with serving(MailServer()) as other:
        office = sender.office(other, server)
        office.ways = [
            replaced(office.ways[0], to=(CAROL,), cc=()),
            replaced(office.ways[0], to=("Bob@Example.com",), cc=()),
            replaced(office.ways[1], to=(ANN,), cc=()),
        ]
        office.empty(tries=1)
        assert [each.rcpt_tos for each in (*other.taken, *server.taken)] == [[BOB], [ANN]]
    assert office.posted.problems == ()


def replaced(way: Any, **changes: Any) -> Any:
    return way.model_copy(update={"smtp": way.smtp.model_copy(update=changes)})


def test_two_ways_out_are_two_letters(sender: Sender, server: MailServer) -> None:
    office = sender.office(server, server)
    ended(office, sender.folder)

    assert [each for each, _to in reached(server)] == [f"<{RUN}-0@example.com>", f"<{RUN}-1@example.com>"]


def test_what_was_sent_is_nothing_new_until_the_night_is_over(sender: Sender, server: MailServer) -> None:
    """A night that is taken up again puts its letters once more: they were sent, and the answers are told again."""
    server.to = {BOB: ["550 5.1.1 No such user"]}
    office = sender.office(server)
    office.put(sender.folder, ENVELOPE)
    office.empty()
    again = sender.office(server)
    again.put(sender.folder, ENVELOPE)
    again.empty()

    assert len(server.handed_over) == 1
    assert again.posted == office.posted
    assert told(again.posted) == [(ANN, True, 250, 1), (BOB, False, 550, 1)]
    again.finished()
    assert not sender.beside.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="what is locked cannot be removed there")
def test_a_run_that_begins_while_another_waits_for_the_server_sends_its_letter_no_second_time(
    sender: Sender, server: MailServer
) -> None:
    begun: list[Posted] = []
    server.answers = ["451 4.7.1 Greylisted", "451 4.7.1 Greylisted"]
    office = sender.office(server)
    office.pause = lambda _seconds: begun.append(sender.send_kept(server))
    posted = ended(office, sender.folder)

    assert begun == [Posted(), Posted()], "it leaves it to the first"
    assert told(posted) == [(ANN, True, 250, 3), (BOB, True, 250, 3)]
    assert (len(server.handed_over), len(server.taken), sender.kept) == (3, 1, [])


def test_a_wait_that_is_longer_than_what_is_left_is_not_begun(sender: Sender, server: MailServer) -> None:
    """The letter lies in the outbox: the next start has time for it."""
    server.answers = ["451 4.7.1 Greylisted"] * 3
    office = sender.office(server)
    office.left = lambda: 100 - sum(sender.pause.seconds)
    posted = ended(office, sender.folder)

    assert sender.pause.seconds == [30, 60], "the next wait would be 120 of 10 seconds"
    assert len(server.handed_over) == 3
    assert "and the next start sends it" in posted.problems[0]


def test_a_letter_that_no_place_takes_is_sent_all_the_same(sender: Sender, server: MailServer) -> None:
    sender.beside.write_text("in the way")
    posted = sender.send(server)

    assert len(server.taken) == 1
    assert told(posted) == [(ANN, True, 250, 1), (BOB, True, 250, 1)]
    assert posted.problems == (f"{sender.beside} could not be written: file exists.",)


def test_a_letter_that_cannot_even_be_kept_is_told(sender: Sender) -> None:
    sender.beside.write_text("in the way")
    with serving(MailServer(answers=["550 5.7.1 Spam"])) as server:
        posted = sender.send(server)

    assert "It could not be kept either: send letter.html" in " ".join(posted.problems)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"", b'{"run_id": "2026', b"a\\nBcc: victim@example.com", b"way"])
def test_a_letter_that_somebody_changed_ends_no_night_and_keeps_no_other_back(
    sender: Sender, server: MailServer, content: bytes
) -> None:
    server.answers = ["550 5.7.1 Spam"] * 3
    sender.send(server)
    ended(sender.office(server), sender.folder, replace(ENVELOPE, run_id=LATER))
    damaged = sender.beside / f"{RUN}-0.json"
    former = damaged.read_bytes()
    if b"Bcc" in content:
        content = former.replace(b'"3 new', content.join((b'"', b"")))
    if content == b"way":
        content = former.replace(b'"way": 0', b'"way": 7')
    server.taken.clear()
    damaged.write_bytes(content)
    posted = sender.send_kept(server)

    [problem] = posted.problems
    assert problem == (
        f"What is kept in {damaged.with_suffix('.zip')} was not sent: it is not as it was written. Look at it, or move "
        "it away."
    )
    assert (reached(server), sender.kept) == ([(f"<{LATER}-0@example.com>", [ANN, BOB])], [f"{RUN}-0"])


@pytest.mark.parametrize("content", [b"", b"PK", None], ids=["empty", "cut off", "gone"])
def test_a_letter_that_has_lost_its_words_keeps_no_other_back(
    sender: Sender, server: MailServer, content: bytes | None
) -> None:
    server.answers = ["550 5.7.1 Spam"] * 3
    sender.send(server)
    ended(sender.office(server), sender.folder, replace(ENVELOPE, run_id=LATER))
    damaged = sender.beside / f"{RUN}-0.zip"
    damaged.unlink() if content is None else damaged.write_bytes(content)
    server.taken.clear()
    posted = sender.send_kept(server)

    [problem] = posted.problems
    gone = f"The letter of run {RUN} was not sent to {ANN}, {BOB}: its files are not in the outbox any more."
    assert problem == gone if content is None else f"What is kept in {damaged} was not sent: it is not as" in problem
    assert [each for each, _to in reached(server)] == [f"<{LATER}-0@example.com>"]
    assert len(sender.send_kept(server).problems) == (content is not None), "what was taken away is told once"


@pytest.mark.parametrize(("at", "bit"), [(10, 1), (8, 1), (6, 64)], ids=["method", "encrypted", "version"])
def test_a_letter_in_which_a_bit_fell_over_keeps_no_other_back(
    sender: Sender, server: MailServer, at: int, bit: int
) -> None:
    server.answers = ["550 5.7.1 Spam"] * 3
    sender.send(server)
    ended(sender.office(server), sender.folder, replace(ENVELOPE, run_id=LATER))
    damaged = sender.beside / f"{RUN}-0.zip"
    content = bytearray(damaged.read_bytes())
    content[content.index(b"PK\1\2") + at] ^= bit
    damaged.write_bytes(content)
    server.taken.clear()
    posted = sender.send_kept(server)

    [problem] = posted.problems
    assert f"What is kept in {damaged} was not sent: it is not as it was written" in problem
    assert [each for each, _to in reached(server)] == [f"<{LATER}-0@example.com>"]


def test_who_is_ended_while_he_waits_for_the_server_leaves_the_letter_to_the_next_start(
    sender: Sender, server: MailServer
) -> None:
    def killed(_seconds: float) -> None:
        raise KeyboardInterrupt

    server.to = {BOB: ["450 4.2.0 Greylisted"]}
    office = sender.office(server)
    office.pause = killed
    with pytest.raises(KeyboardInterrupt):
        ended(office, sender.folder)
    sender.send_kept(server)

    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]], "and nobody has it twice"
    assert sender.kept == []


class Taken(FolderStore):
    """An archive that another run has taken over."""

    def check_locked(self) -> None:
        raise ArchiveBusy("Another run has taken the archive over.")


def test_with_an_archive_letters_lie_in_there(sender: Sender, server: MailServer, tmp_path: Path) -> None:
    server.answers = ["451 Later"] * 6
    archive = FolderStore(tmp_path / "archive")
    posted = ended(sender.office(server, archive=archive), sender.folder)
    assert f"It is kept in {tmp_path}/archive/outbox/{RUN}-0.zip" in posted.problems[0]
    assert archive.files("outbox") == [f"outbox/{RUN}-0.json", f"outbox/{RUN}-0.zip"]
    assert sender.kept == []

    posted = ended(sender.office(server, archive=archive), sender.folder, replace(ENVELOPE, run_id=LATER))
    assert [each for each, _to in reached(server)] == [f"<{RUN}-0@example.com>", f"<{LATER}-0@example.com>"]
    assert (archive.files("outbox"), sender.beside.exists()) == ([], False)


def test_what_a_run_left_that_was_killed_while_it_put_its_letter_there_goes(
    sender: Sender, server: MailServer, tmp_path: Path
) -> None:
    archive = FolderStore(tmp_path / "archive")
    archive.write(f"outbox/{LATER}-0.zip", b"no standing beside it")
    server.answers = ["451 Later"] * 6
    ended(sender.office(server, archive=archive), sender.folder)

    assert archive.files("outbox") == [f"outbox/{RUN}-0.json", f"outbox/{RUN}-0.zip"]


@pytest.mark.parametrize("room", range(4))
def test_where_the_archive_cannot_be_written_nothing_is_lost_and_nothing_sent_twice(
    sender: Sender, server: MailServer, tmp_path: Path, room: int
) -> None:
    """Full from the first, the second or a later write on; the next start finds the letter wherever it lies."""
    server.to = {BOB: ["450 4.2.0 Busy"] * 6}
    posted = ended(sender.office(server, archive=FullStore(tmp_path / "archive", room)), sender.folder)
    assert f"The archive {tmp_path}/archive could not be written: no space left on device." in " ".join(posted.problems)
    assert sender.kept == ([f"{RUN}-0"] if room < 2 else [])

    posted = ended(sender.office(server, archive=FolderStore(tmp_path / "archive")), sender.folder)
    assert [each.rcpt_tos for each in server.taken] == [[ANN], [BOB]]
    assert posted.problems == ()
    assert not sender.beside.exists()


def test_whoever_lost_the_archive_to_another_run_leaves_the_letter_to_that_one(
    sender: Sender, server: MailServer, tmp_path: Path
) -> None:
    posted = ended(sender.office(server, archive=Taken(tmp_path / "archive")), sender.folder)

    assert (server.handed_over, sender.kept) == ([], [])
    assert f"The letter of run {RUN} was not sent: Another run has taken the archive over." in posted.problems
