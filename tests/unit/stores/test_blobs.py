"""An archive in a container whose token ends before its time: as Azure Storage refuses it, with a challenge."""

from __future__ import annotations

import time
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from auditor.cloud import Credential, FixedToken
from auditor.errors import ArchiveRefused
from auditor.model.archive import ArchiveSettings, place_of
from auditor.stores.blobs import BlobStore
from tests.real.replay import Answer, Replay, replaying

TENANT = "11111111-1111-4111-a111-111111111111"
ENDED = Answer(
    401,
    b'<?xml version="1.0"?><Error><Code>InvalidAuthenticationInfo</Code><Message>Server failed to authenticate the '
    b"request.</Message><AuthenticationErrorDetail>Lifetime validation failed. The token is expired."
    b"</AuthenticationErrorDetail></Error>",
    {
        "Content-Type": "application/xml",
        "x-ms-error-code": "InvalidAuthenticationInfo",
        "WWW-Authenticate": f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/authorize "
        "resource_id=https://storage.azure.com",
    },
)
FILE = Answer(200, b"the file", {"Content-Range": "bytes 0-7/8", "ETag": '"1"', "x-ms-blob-type": "BlockBlob"})
URL = "abfs://nights@auditortest.dfs.core.windows.net/a"


class Kept:
    """As azure-identity's: one token for as long as the clock says that it holds."""

    def __init__(self, number: int) -> None:
        self._token = f"token-{number}"

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


def store(replay: Replay, credential: Credential) -> BlobStore:
    settings = ArchiveSettings(url=URL, endpoint=f"{replay.origin}/auditortest")
    cloud: Any = SimpleNamespace(credential=credential, verify=str(replay.authority))
    return BlobStore(settings, place_of(URL), cloud)  # type: ignore[arg-type]  # an abfs: URL names a container


def test_a_token_that_ended_is_renewed_and_the_file_is_read() -> None:
    numbers = count(1)
    with replaying() as replay:
        replay.give("/auditortest/nights/a/index.html", ENDED, FILE)
        archive = store(replay, Credential(lambda: Kept(next(numbers))))

        assert archive.read("index.html") == b"the file"
        assert [each.authorization for each in replay.asked] == ["Bearer token-1", "Bearer token-2"]


def test_one_that_somebody_brought_is_told_with_what_would_do() -> None:
    with replaying() as replay:
        replay.give("/auditortest/nights/a/index.html", ENDED)
        archive = store(replay, Credential(lambda: FixedToken("brought")))

        with pytest.raises(ArchiveRefused, match=r"answered 401 InvalidAuthenticationInfo\. .*fresh token"):
            archive.read("index.html")
