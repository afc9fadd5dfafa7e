"""A desk with files on it: what an operator wrote, and what he is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from auditor.errors import SettingsRefused
from auditor.settle import Settled, settle

ID = "12345678-9abc-def0-1234-56789abcdef0"
RULE = """\
id: MY-001
title: {en: A rule}
severity: low
frame: extensions
params: {limit: 7d}
expect: {days_stopped: {under: $limit}}
reasons:
  - code: stopped_long
    text: {en: "Stopped since {last_ran}"}
why: {en: Because}
"""


class Desk:
    """Writes files into ``folder``, which is the working folder, and settles them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return Path(name)

    def settle(self, config: str | bytes | None = None, **options: object) -> Settled:
        """Settle ``config`` (its text); ``environ`` is empty unless given."""
        path = None if config is None else self.write("config.yaml", config)
        environ = options.pop("environ", {})
        assert isinstance(environ, Mapping)
        return settle(path, environ=environ, **options)  # type: ignore[arg-type]

    def told(self, config: str | bytes | None = None, **options: object) -> list[str]:
        """All mistakes, as they are printed; there must be some."""
        try:
            self.settle(config, **options)
        except SettingsRefused as refused:
            assert str(refused).splitlines() == [str(problem) for problem in refused.problems]
            return [str(problem) for problem in refused.problems]
        raise AssertionError("nothing was refused")

    def told_of_rule(self, text: str, **options: object) -> list[str]:
        """All mistakes of one rule's file, without its name in front."""
        self.write("MY-001.yaml", text)
        told = self.told(rules=[Path("MY-001.yaml")], **options)
        return [line.removeprefix("MY-001.yaml:") for line in told]
