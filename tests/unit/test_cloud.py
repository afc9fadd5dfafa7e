"""The one credential: renewed where Azure refuses what this machine's clock takes for good."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count

from azure.core.credentials import AccessToken

from auditor.cloud import Credential, FixedToken


class Kept:
    """As azure-identity's: one token for as long as the clock says that it holds."""

    numbers = count(1)

    def __init__(self) -> None:
        self.token = f"token-{next(self.numbers)}"

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


def test_the_next_token_is_another_than_the_refused_one() -> None:
    credential = Credential(Kept)
    first = credential.get_token("scope").token
    assert credential.get_token("scope").token == first

    assert credential.renew(first)
    assert credential.get_token("scope").token != first


def test_whoever_was_refused_with_the_former_token_takes_the_new_one() -> None:
    """Many questions are under way at once: the token is renewed once for all of them."""
    credential = Credential(Kept)
    first = credential.get_token("scope").token
    credential.renew(first)
    second = credential.get_token("scope").token

    assert credential.renew(first)
    assert credential.get_token("scope").token == second


def test_one_that_is_refused_right_after_it_was_renewed_has_not_merely_expired() -> None:
    credential = Credential(Kept)
    credential.renew(credential.get_token("scope").token)

    assert not credential.renew(credential.get_token("scope").token)


def test_what_somebody_brought_is_never_renewed() -> None:
    credential = Credential(lambda: FixedToken("brought"))

    assert not credential.renew(credential.get_token("scope").token)


def test_a_token_that_somebody_brought_needs_nothing_that_signs_in() -> None:
    """azure-identity brings ten megabytes of cryptography, for the rest of the night."""
    code = (
        "import sys; from auditor.cloud import Cloud; from auditor.model.settings import Azure\n"
        'azure = Azure.model_validate_json(\'{"credential": "token", "token": "brought"}\')\n'
        "Cloud(azure); print('azure.identity' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "False"
