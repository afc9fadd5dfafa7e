"""Letters that an earlier version kept beside the output folder: they are sent like all others."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from auditor.stores.folder import FolderStore
from tests.mailbox import MailServer, parsed
from tests.unit.deliver.parts import ANN, BOB, ENVELOPE, RUN, Sender, ended, told


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    """With a letter of last week's version, which Ann has already."""
    made = Sender(tmp_path)
    place = made.beside / f"{RUN}-0"
    place.mkdir(parents=True)
    for name in ("letter.html", "letter.txt", "report.html"):
        (place / name).write_bytes((made.folder / name).read_bytes())
    standing = {"written": "2026-11-22T03:02:11.000001+00:00", "way": 0, "recipients": [ANN, BOB], "accepted": [ANN]}
    envelope = {**asdict(ENVELOPE), "occasions": [], **standing}
    (place / "envelope.json").write_text(json.dumps(envelope, indent=2))
    return made


def test_it_reaches_those_who_have_it_not_with_what_was_kept_of_it(sender: Sender, server: MailServer) -> None:
    posted = sender.send_kept(server)

    assert told(posted) == [(BOB, True, 250, 1)]
    [mail] = server.mails
    assert [part.get_filename() for part in mail.iter_attachments()] == ["report.html"]
    assert (mail["Date"], posted.problems) == ("Sun, 22 Nov 2026 03:02:11 +0000", ())
    assert not sender.beside.exists()


def test_one_that_is_not_sent_lies_in_the_outbox_from_now_on(sender: Sender, server: MailServer) -> None:
    server.answers = ["451 Later"]
    archive = FolderStore(sender.folder.with_name("archive"))
    ended(sender.office(archive=archive), sender.folder)
    assert (archive.files("outbox"), sender.beside.exists()) == ([f"outbox/{RUN}-0.json", f"outbox/{RUN}-0.zip"], False)

    office = sender.office(server, archive=archive)
    office.empty()
    assert [(parsed(each)["Message-ID"], each.rcpt_tos) for each in server.taken] == [(f"<{RUN}-0@example.com>", [BOB])]


@pytest.mark.parametrize("content", ["{}", "[]", "", '{"run_id": "2026'])
def test_one_that_is_damaged_stays_and_is_told(sender: Sender, server: MailServer, content: str) -> None:
    damaged = sender.beside / "20261121T030017Z-1f3a5b7d-0"
    damaged.mkdir()
    (damaged / "envelope.json").write_text(content)
    posted = sender.send_kept(server)

    [problem] = posted.problems
    assert (
        problem == f"What is kept in {damaged} was not sent: it is not as it was written. Look at it, or move it away."
    )
    assert ([each.rcpt_tos for each in server.taken], damaged.exists()) == ([[BOB]], True)
