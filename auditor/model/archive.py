"""Where nights are kept: the section ``archive`` of the configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from auditor.model.strict import Duration, Endpoint, Strict

SECRETS = frozenset({"account_key"})
"""The keys of ``archive`` that may only come out of the environment."""

_CONTAINER = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}")
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"""
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")


@dataclass(frozen=True, slots=True)
class Folder:
    """An archive on a disk."""

    path: Path


@dataclass(frozen=True, slots=True)
class Container:
    """An archive in a blob container; ``path`` within it is without slashes at its ends, and may be empty."""

    account: str
    host: str
    container: str
    path: str

    @property
    def endpoint(self) -> str:
        """Where blobs answer: an ``abfs:`` URL mostly names the Data Lake's host of the same account."""
        return f"https://{self.host.replace('.dfs.', '.blob.', 1)}"


def place_of(url: str) -> Folder | Container:
    """Raises ValueError, with a sentence that goes on behind the URL, for one that names no archive."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
            raise ValueError("names no folder: write file:./archive or file:/var/lib/auditor/archive")
        return Folder(Path(parts.path))
    if parts.scheme in ("abfs", "abfss"):
        return _container(parts.username or "", parts.hostname or "", parts)
    raise ValueError("is no archive: write file:./archive, or abfs://container@account.dfs.core.windows.net/path")


def _container(container: str, host: str, parts: Any) -> Container:
    account = host.partition(".")[0]
    named = _CONTAINER.fullmatch(container) and _ACCOUNT.fullmatch(account) and "." in host
    if not named or parts.password or parts.port or parts.query or parts.fragment:
        raise ValueError(
            "names no container: write abfs://container@account.dfs.core.windows.net/path, and nothing behind it"
        )
    path = parts.path.strip("/")
    if {".", "..", ""} & {*path.split("/")} and path:
        raise ValueError("has a path that leads astray: write plain names with / between")
    return Container(account, host, container, path)


def _archive_url(text: str) -> str:
    place_of(text)
    return text


class ArchiveSettings(Strict):
    """``account_key`` signs in to a storage account; without it the identity of ``azure`` does.

    ``endpoint`` is where the account's blobs answer, where that is not ``account.blob.SUFFIX`` of the URL's host.
    """

    url: Annotated[str, AfterValidator(_archive_url)]
    retention: Duration = timedelta(days=400)
    account_key: SecretStr | None = None
    endpoint: Endpoint | None = None
