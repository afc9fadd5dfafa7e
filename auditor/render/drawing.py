"""Charts as SVG and PNG, drawn from Vega-Lite by vl-convert, without a browser and without a network.

vl-convert holds some 75 MB from its first chart on for as long as a process lives. A large report, which needs them
itself, has its charts drawn by a process that ends with the last one: this module, run by Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

APART_FROM = 5_000
"""Verdicts of a large report: below, starting another process takes longer than drawing."""
_SCALE = 2
"""Screens of telephones have twice as many points as a letter's width says."""

Drawing = Mapping[str, Any]


def svg(drawings: Sequence[Drawing], verdicts: int) -> list[str]:
    """Each as SVG, for a report of so many verdicts."""
    return [each.decode() for each in _drawn("svg", drawings, verdicts)]


def png(drawings: Sequence[Drawing], verdicts: int) -> list[bytes]:
    """Each as PNG on white, for a report of so many verdicts."""
    return _drawn("png", drawings, verdicts)


def _drawn(form: str, drawings: Sequence[Drawing], verdicts: int) -> list[bytes]:
    if drawings and verdicts >= APART_FROM:
        try:
            return _drawn_apart(form, drawings)
        except (OSError, subprocess.SubprocessError):  # a host that starts no process, or none that finds vl-convert
            pass
    return [_draw(form, each) for each in drawings]


def _drawn_apart(form: str, drawings: Sequence[Drawing]) -> list[bytes]:
    done = subprocess.run(  # noqa: S603 - Python, and this module
        [sys.executable, "-m", __name__, form],
        input=orjson.dumps(drawings),
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
    told = [b64encode(_draw(sys.argv[1], each)).decode() for each in orjson.loads(sys.stdin.buffer.read())]
    sys.stdout.buffer.write(orjson.dumps(told))
