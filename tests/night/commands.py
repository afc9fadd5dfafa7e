"""Commands in this process, as a person would start them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from auditor.cli import main
from tests.night.parts import NOW

AS_OF = ("--as-of", NOW.isoformat())


@dataclass(frozen=True)
class Command:
    """How it ended, and what it said."""

    code: int
    out: str
    err: str


Shell = Callable[..., Command]


def shell_of(capfd: pytest.CaptureFixture[str]) -> Shell:
    """Runs a command; there is no token in the environment unless ``environ`` brings one."""

    def run(*arguments: object, environ: Mapping[str, str] | None = None) -> Command:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("AUDITOR_ACCESS_TOKEN", raising=False)
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            code = main([str(each) for each in arguments])
        told = capfd.readouterr()
        return Command(code, told.out, told.err)

    return run
