"""Letters that wait in a container, and a doctor who looks into it, on a real Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.history import locked
from auditor.stores import open_store
from auditor.stores.blobs import BlobStore
from auditor.stores.checkup import try_archive
from auditor.stores.interface import LOCK
from tests.mailbox import MailServer, parsed, serving
from tests.peers.azurite import Azurite, azurite
from tests.peers.test_azurite import settings_of
from tests.unit.deliver.parts import ANN, BOB, ENVELOPE, Sender, ended
from tests.unit.history.parts import NOW, run_at


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with azurite(tmp_path_factory.mktemp("azurite")) as running:
        yield running


def test_letters_wait_in_the_container(served: Azurite, tmp_path: Path) -> None:
    """Each is sent once, by whatever start finds it, and a disk of the machine is not needed for it."""
    settings = settings_of(served, tmp_path, "letters", key=True)
    sender, envelope = Sender(tmp_path), replace(ENVELOPE, run_id=run_at(NOW))
    with serving(MailServer(answers=["451 4.3.0 Later"] * 6, to={BOB: ["550 5.1.1 No such user"] * 7})) as server:
        with locked(settings) as archive:
            assert archive
            posted = ended(sender.office(server, archive=archive.store), sender.folder, envelope)
            place = f"{archive.store.where}/outbox/{run_at(NOW)}-0.zip"
            assert any(f"It is kept in {place}, and the next start sends it." in each for each in posted.problems)
        sender.folder.rename(tmp_path / "elsewhere")
        with locked(settings) as archive:
            assert archive
            office = sender.office(server, archive=archive.store)
            office.empty(tries=1)
            office.finished()
            assert archive.store.files("outbox") == []
        assert [(each.rcpt_tos, parsed(each)["Message-ID"]) for each in server.taken] == [
            ([ANN], f"<{run_at(NOW)}-0@example.com>")
        ]
    assert (sender.kept, sender.beside.exists()) == ([], False)


def test_whoever_lost_the_lease_sends_no_letter(served: Azurite, tmp_path: Path) -> None:
    """Another run may be sending it by now."""
    sender = Sender(tmp_path)
    with serving(MailServer()) as server, locked(settings_of(served, tmp_path, "taken", key=True)) as archive:
        assert archive and isinstance(archive.store, BlobStore) and archive.store._lease
        archive.store._lease.break_lease(0)
        posted = ended(sender.office(server, archive=archive.store), sender.folder)

        assert "Another run has taken the archive over" in posted.problems[0]
        assert (server.handed_over, sender.kept, archive.store.files("outbox")) == ([], [], [])


def test_doctor_tries_the_container_and_leaves_nothing_in_it(served: Azurite, tmp_path: Path) -> None:
    settings = settings_of(served, tmp_path, "doctor", key=True)
    found = try_archive(settings)
    assert found and (found.url, found.reason) == (served.config("doctor", key=True)["url"], None)
    store = open_store(settings)
    assert store and [store.read(name) for name in (LOCK, "doctor.partial")] == [None, None]
    with locked(settings):
        assert try_archive(settings) == found, "a night is at work in it"

    wrong = Azurite(served.endpoint, served.key[::-1].replace("=", "") + "==", served.ca)
    told = try_archive(settings_of(wrong, tmp_path, "doctor", key=True))
    assert told and told.reason and "Auth" in told.reason
    assert told.close == (
        "Give the identity the role Storage Blob Data Contributor on the container, or set archive.account_key to a "
        "key that holds."
    )
