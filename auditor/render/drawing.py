"""Charts as SVG and PNG, drawn from Vega-Lite by vl-convert, without a browser and without a network.

vl-convert needs half a second for its first chart, and holds some 75 MB from there on for as long as a process lives. A
large report has its charts drawn by a process of their own, this module run by Python, while this one goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self

import orjson

APART_FROM = 5_000
"""Verdicts of a large report: below, starting another process takes longer than drawing."""
_NOBODY_DRAWS = (OSError, subprocess.SubprocessError)
"""No process can be started, or it does not find vl-convert."""
_SCALE = 2
"""Screens of telephones have twice as many points as a letter's width says."""

Drawing = Mapping[str, Any]
Wish = tuple[str, Drawing]
"""A chart, and the form (``svg`` or ``png``) that it is wished in."""


class Artist:
    """Draws what page and letter ask for, for a report of so many verdicts.

    Once begun it draws beside whatever else is done; where it was not, or no other process can be started, it draws
    when its work is wanted. As a context manager it leaves nothing running.
    """

    def __init__(self, verdicts: int = 0) -> None:
        self._apart = verdicts >= APART_FROM
        self._wishes: list[Wish] = []
        self._drawn: Future[list[bytes]] | None = None
        self._waiting = ThreadPoolExecutor(1, thread_name_prefix="charts")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._waiting.shutdown()

    def asked(self, form: str, drawings: Sequence[Drawing]) -> Callable[[], list[bytes]]:
        """What gives ``drawings`` in their form, a PNG on white, when they are wanted."""
        wishes = [(form, each) for each in drawings]
        place = slice(len(self._wishes), len(self._wishes) + len(wishes))
        self._wishes += wishes

        def drawn() -> list[bytes]:
            if self._drawn:
                with suppress(*_NOBODY_DRAWS):
                    return self._drawn.result()[place]
            return [_draw(*wish) for wish in wishes]

        return drawn

    def begin(self) -> None:
        """All is asked for."""
        if self._apart and self._wishes:
            self._drawn = self._waiting.submit(_drawn_apart, self._wishes)


def _drawn_apart(wishes: Sequence[Wish]) -> list[bytes]:
    done = subprocess.run(  # noqa: S603 - Python, and this module
        [sys.executable, "-P", "-m", __name__],  # what lies in the folder where it is started is none of its modules
        input=orjson.dumps(wishes),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return [b64decode(each) for each in orjson.loads(done.stdout)]


def _draw(form: str, drawing: Drawing) -> bytes:
    import vl_convert  # loaded only where charts are drawn

    if form == "svg":
        return vl_convert.vegalite_to_svg(dict(drawing), allowed_base_urls=[]).encode()
    return bytes(vl_convert.vegalite_to_png(dict(drawing), scale=_SCALE, allowed_base_urls=[]))


if __name__ == "__main__":
    told = [b64encode(_draw(*wish)).decode() for wish in orjson.loads(sys.stdin.buffer.read())]
    sys.stdout.buffer.write(orjson.dumps(told))
