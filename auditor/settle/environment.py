"""``${NAME}`` in the configuration's values, filled in from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from auditor.model import archive, delivery, settings
from auditor.settle.complaints import Complaints
from auditor.settle.located import Document, Path

_SECRETS = {"azure": settings.SECRETS, "archive": archive.SECRETS, "deliver": delivery.SECRETS}
"""By section of the configuration: the keys whose values only come out of the environment."""
_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def fill(document: Document, environ: Mapping[str, str], complaints: Complaints) -> Document:
    """``document`` with every ``${NAME}`` filled in; complains about names that are not set and secrets in clear."""
    return replace(document, value=_Filler(document, environ, complaints).filled(document.value, ()))


class _Filler:
    def __init__(self, document: Document, environ: Mapping[str, str], complaints: Complaints) -> None:
        self._document = document
        self._environ = environ
        self._complaints = complaints

    def filled(self, value: object, path: Path) -> object:
        if isinstance(value, dict):
            return {key: self.filled(below, (*path, key)) for key, below in value.items()}
        if isinstance(value, list):
            return [self.filled(below, (*path, position)) for position, below in enumerate(value)]
        if value is not None and path and path[-1] in _SECRETS.get(str(path[0]), ()):
            self._refuse_clear(str(value), path)
        return self._text(value, path) if isinstance(value, str) else value

    def _refuse_clear(self, text: str, path: Path) -> None:
        if not _NAME.fullmatch(text):
            self._complaints.add(
                self._document, path, "a secret does not stand in a file: put it into an environment variable and "
                "write ${NAME_OF_THE_VARIABLE} here; one that was stored or shared in clear should be renewed"
            )  # fmt: skip

    def _text(self, text: str, path: Path) -> str:
        for name in _NAME.findall(text):
            if not self._environ.get(name):
                state = "is not set" if name not in self._environ else "is set, but empty"
                self._complaints.add(
                    self._document, path, f"the environment variable {name} {state}: set it before the audit starts"
                )
        if "${" in _NAME.sub("", text):
            self._complaints.add(
                self._document, path, "${ begins the name of an environment variable: write ${NAME}, with letters, "
                "digits and underscores only"
            )  # fmt: skip
        return _NAME.sub(lambda found: self._environ.get(found[1], ""), text)
