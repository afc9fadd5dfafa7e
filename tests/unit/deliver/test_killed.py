"""Starts that end without a word: killed at any step, on a disk that is full. Real processes, a real disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.mailbox import MailServer, parsed
from tests.small_disk import with_disk
from tests.unit.deliver.parts import ANN, BOB, Sender

NIGHT = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from auditor.deliver import Beside, Outbox, PostOffice
from auditor.model.delivery import WayOut
from tests.mailbox import MailServer
from tests.unit.deliver.parts import ENVELOPE, smtp

class Mortal(Beside):
    '''Kills its process before the ``last``-th change.'''
    def __init__(self, folder, last=0):
        super().__init__(folder)
        self.__dict__.update(last=last, step=0)
    def write(self, name, content):
        self._change('write', name, super().write, name, content)
    def remove(self, name):
        self._change('remove', name, super().remove, name)
    def _change(self, what, name, change, *told):
        self.__dict__['step'] += 1
        if self.step == self.last:
            print(what, name.rpartition('.')[2], name.rpartition('.')[0][-1], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        change(*told)

def night(archive, folder, port, run_id):
    ways = [WayOut(smtp=smtp(MailServer(port=port))) for _way in range(2)]
    office = PostOffice(ways, Outbox(Beside(folder / 'report.outbox'), archive), lambda _seconds: None)
    if (folder / 'begun').exists():
        office.put(folder / 'report', replace(ENVELOPE, run_id=run_id))
    office.empty()
    (folder / 'begun').unlink(missing_ok=True)  # from now on no start takes the night up again
    office.finished()
    return office.posted
"""
EVERY_STEP = (
    NIGHT
    + """
folder, port = Path(sys.argv[1]), int(sys.argv[2])
for step in range(1, 100):
    run_id = f"20261122T0300{step:02}Z-00000000"
    (folder / 'begun').touch()
    if not (pid := os.fork()):
        night(Mortal(folder / 'archive', step), folder, port, run_id)
        os._exit(0)
    if os.waitpid(pid, 0)[1] == 0:
        break
    night(Mortal(folder / 'archive'), folder, port, run_id)
"""
)
FULL = (
    NIGHT
    + """
folder, disk, port, filled = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
(disk / 'fill').write_bytes(b'x' * filled)
for run_id in ('20261122T030001Z-00000000', '20261122T030002Z-00000000'):
    (folder / 'begun').touch()
    print(len(night(Beside(disk / 'archive'), folder, port, run_id).problems), flush=True)
    (disk / 'fill').unlink(missing_ok=True)
"""
)


def arrived(server: MailServer) -> dict[str, list[bytes]]:
    """What arrived, by Message-ID."""
    letters: dict[str, list[bytes]] = {}
    for each in server.taken:
        assert each.rcpt_tos == [ANN, BOB]
        assert isinstance(each.content, bytes)
        letters.setdefault(str(parsed(each)["Message-ID"]), []).append(each.content)
    return letters


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not forked there")
def test_killed_at_any_step_a_letter_is_neither_lost_nor_sent_twice(sender: Sender, server: MailServer) -> None:
    """But for the one moment that nobody can exclude: it was sent, and that was not noted. It is the same one then."""
    command = [sys.executable, "-W", "error", "-c", EVERY_STEP, str(sender.folder.parent), str(server.port)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout.splitlines()
    put = [f"write {kind} {way}" for way in (0, 1) for kind in ("zip", "json")]
    sent = [f"{change} {way}" for way in (0, 1) for change in ("write json", "write json", "remove zip")]
    over = [f"remove {kind} {way}" for way in (0, 1) for kind in ("zip", "json")]
    assert told == [*put, *sent, *over], "the steps at which it was killed"

    letters = arrived(server)
    assert len(letters) == 2 * len(told) + 2, "two of each night, and the last one was not killed"
    twice = {name: sent for name, sent in letters.items() if len(sent) > 1}
    unnoted = [f"<20261122T03000{step}Z-00000000-{way}@example.com>" for step, way in ((5, 0), (8, 1))]
    assert list(twice) == unnoted
    assert all(len(sent) == 2 and sent[0] == sent[1] for sent in twice.values())
    assert not (sender.folder.parent / "archive").exists()
    assert not sender.beside.exists()


@pytest.mark.parametrize("filled", [0, 150_000, 250_000, 262_144])
def test_on_a_disk_that_is_full_nothing_is_lost(
    sender: Sender, server: MailServer, tmp_path: Path, filled: int
) -> None:
    """The archive's disk has room for all letters, for one, or for none: what it has no room for lies beside the output
    folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (sender.folder / "report.xlsx").write_bytes(Random(1).randbytes(80_000))
    told = [str(sender.folder.parent), str(disk), str(server.port), str(filled)]
    command = [*with_disk(disk, 262_144), sys.executable, "-W", "error", "-c", FULL, *told]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout.split()

    assert [len(sent) for sent in arrived(server).values()] == [1, 1, 1, 1]
    assert printed == (["0", "0"] if filled == 0 else ["1", "0"])
    assert not sender.beside.exists()
