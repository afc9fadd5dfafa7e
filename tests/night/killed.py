"""The real command line in a process of its own, which ends by SIGKILL at a chosen place: nothing is cleaned up.

The process is forked from one that has loaded the auditor already, so that a start takes no second.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.context import ForkServerContext
from pathlib import Path
from time import monotonic
from typing import Any

SHARDS_OF = 2
"""Machines: a small estate has several shards."""


@dataclass(frozen=True)
class At:
    """Before or ``after`` the ``call``-th call of ``name``: ``module:function``, or ``module:class.method``."""

    name: str
    call: int = 1
    after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.after else 'at'} {self.name.rpartition(':')[2]} {self.call}"


@dataclass(frozen=True)
class Ended:
    """``code`` as :attr:`multiprocessing.Process.exitcode`: -9 where it was killed."""

    code: int
    out: str
    err: str


def start(
    line: Sequence[str], at: At | None = None, *, environ: Mapping[str, str], log: Path, seconds_a_piece: float = 0.0
) -> Ended:
    """Run the command ``line``; with ``seconds_a_piece`` each look at the stopwatch finds that much time gone."""
    process = _forks().Process(target=_run, args=(list(line), at, dict(environ), log, seconds_a_piece))
    process.start()
    process.join()
    assert process.exitcode is not None
    return Ended(
        process.exitcode, log.with_suffix(".out").read_text("utf-8"), log.with_suffix(".err").read_text("utf-8")
    )


def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["auditor.nightly", "auditor.settle", "auditor.render.console", __name__])
    return context


def _run(line: list[str], at: At | None, environ: dict[str, str], log: Path, seconds: float) -> None:
    sys.stdout, sys.stderr = (log.with_suffix(suffix).open("w", encoding="utf-8") for suffix in (".out", ".err"))
    os.environ.update(environ)
    from auditor import nightly
    from auditor.cli import main

    assert nightly.night.__kwdefaults__ is not None
    nightly.night.__kwdefaults__["machines_per_shard"] = SHARDS_OF
    if at:
        _kill(at)
    sys.exit(main(line, stopwatch=_Stopwatch(seconds) if seconds else monotonic))


class _Stopwatch:
    def __init__(self, seconds: float) -> None:
        self._now, self._seconds = 0.0, seconds

    def __call__(self) -> float:
        self._now += self._seconds
        return self._now


def _kill(at: At) -> None:
    module, _, names = at.name.partition(":")
    *within, name = names.split(".")
    holder: Any = import_module(module)
    for each in within:
        holder = getattr(holder, each)
    real: Callable[..., Any] = getattr(holder, name)
    calls = 0

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at.call and not at.after:
            _die()
        given = real(*arguments, **named)
        if calls == at.call:
            _die()
        return given

    setattr(holder, name, wrapped)


def _die() -> None:
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)
