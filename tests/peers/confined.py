"""Runs a command as a unit confines it, without systemd as the first process.

By namespaces, an ordinary user's rights, and the unit's own filter of system calls. What cannot be had so (cgroups,
address families) is left out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

NOBODY = 65534
_STAGE = "/mnt"
_TEMPORARY = "/tmp"  # noqa: S108 - a namespace's own
_HIDDEN = ("/home", "/root", "/run/user", _TEMPORARY, "/var/tmp", "/var/lib")  # noqa: S108 - hidden, not written to
_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
_ORDINARY = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]


def confine(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    read: Sequence[Path],
    write: Mapping[Path, Path],
    filtered: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Runs ``command`` as nobody, with all of the disk read-only.

    Home folders and the places for temporary files are empty, but for the folders to ``read`` and ``write`` (from where
    they are shown to what they are); ``filtered`` are the system calls that are allowed, all of them where it is empty.
    """
    _skip_without_namespaces()
    if os.geteuid() == 0:
        for folder in write.values():
            os.chown(folder, NOBODY, NOBODY)
    script = "\n".join(["set -eu", *_mounts(read, write), f"exec {shlex.join(_started(command, filtered))}"])
    clean = {"PATH": os.environ["PATH"], **environ}
    return subprocess.run(
        [*_NAMESPACES, "sh", "-c", script], env=clean, capture_output=True, text=True, check=False, timeout=120
    )


def open_window() -> dict[str, str]:
    """A ``schedule`` that is open since an hour, and for two more; it may pass midnight."""
    now = datetime.now(UTC)
    return {"from": f"{now - timedelta(hours=1):%H:%M}", "until": f"{now + timedelta(hours=2):%H:%M}"}


def _mounts(read: Sequence[Path], write: Mapping[Path, Path]) -> list[str]:
    """Meanwhile the disk is seen as it was below ``_STAGE``. What lies within another folder to read comes after it."""
    there, read = [each for each in _HIDDEN if Path(each).is_dir()], sorted(read)
    lines = [f"mount --rbind / {_STAGE}", *(f"mount -t tmpfs -o mode=755 tmpfs {each}" for each in there)]
    for shown, real in [*((each, each) for each in read), *write.items()]:
        place, source = shlex.quote(str(shown)), shlex.quote(f"{_STAGE}{real}")
        lines += [f"mkdir -p {place}", f"mount --bind {source} {place}"]
    lines += [f"mount -o remount,bind,ro {shlex.quote(str(each))}" for each in read]
    lines += [f"mount -o remount,bind,ro {each}" for each in there if each != _TEMPORARY]
    lines += [f"umount --lazy {_STAGE}", f"chmod 1777 {_TEMPORARY}", "mount -o remount,bind,ro /"]
    return [*lines, "mount -t proc -o subset=pid,hidepid=invisible proc /proc", "umask 0077"]


def _started(command: Sequence[str], filtered: Sequence[str]) -> list[str]:
    nobody = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    through = [sys.executable, str(Path(__file__).with_name("seccomp.py")), ",".join(filtered)] if filtered else []
    return [*_ORDINARY, *nobody, "--", *through, *command]


def _skip_without_namespaces() -> None:
    tried = [*_NAMESPACES, "mount", "-t", "proc", "-o", "subset=pid", "proc", "/proc"]
    there = shutil.which("unshare") and shutil.which("setpriv")
    if not there or subprocess.run(tried, capture_output=True, check=False, timeout=20).returncode:
        pytest.skip("this machine lets nobody make namespaces (unshare, setpriv): a confined service is not run here")
