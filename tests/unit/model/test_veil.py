"""What a veil hides, and what it leaves alone."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from auditor.model.delivery import Smtp, WayOut
from auditor.model.settings import Azure, Credential, Settings, secrets_in
from auditor.model.veil import Veil, veiled

SECRET = 'kept/quiet+"<1>'


@pytest.mark.parametrize(
    "told",
    [
        SECRET,
        quote(SECRET, safe=""),
        b64encode(SECRET.encode()).decode(),
        repr(f"{SECRET}'")[1:-3],
        f"before{SECRET}behind",
    ],
)
def test_a_known_secret_is_hidden_however_it_is_written(told: str) -> None:
    veil = Veil()
    veil.hide(SECRET)
    assert veil.over(f"the server said {told}!").replace("before***behind", "***") == "the server said ***!"


def test_of_two_secrets_the_longer_one_is_hidden_whole() -> None:
    veil = Veil()
    veil.hide("kept-quiet", "kept-quiet-for-longer")
    assert veil.over("kept-quiet-for-longer, kept-quiet") == "***, ***"


def test_what_is_too_short_for_a_secret_is_left_in_the_words_that_hold_it() -> None:
    veil = Veil()
    veil.hide("demo", "")
    assert veil.over("audit-demo") == "audit-demo"


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("not eyJ0eXAiOiJ.eyJvaWQiOiI.c2lnbmF0dXJl- at all", "not *** at all"),
        ("Authorization: Bearer opaque-token-of-old==", "Authorization: Bearer ***"),
        ("https://a.blob.core.windows.net/x?sv=1&sig=aB%2Fc%3D1234&se=2", "https://a.blob.core.windows.net/x?sv=1&sig=***&se=2"),
        ("AccountName=a;AccountKey=kept+quiet/1234==;x", "AccountName=a;AccountKey=***;x"),
        ("SharedKey account:kept+quiet/1234=", "SharedKey ***"),
        ("http://user:password@proxy:8080", "http://***@proxy:8080"),
    ],
)  # fmt: skip
def test_what_has_the_form_of_a_credential_is_hidden_whoever_it_belongs_to(told: str, seen: str) -> None:
    assert veiled(told) == veiled(seen) == seen


@pytest.mark.parametrize(
    "told",
    [
        "Microsoft.Compute/virtualMachines/read on /subscriptions/11111111-1111-4111-a111-111111111111",
        "https://127.0.0.1:8443/subscriptions?api-version=2024-07-01",
        "abfs://nights@account.dfs.core.windows.net/path",
        "The bearer is refused; a signature (sig) is missing. AADSTS7000215: Invalid client secret provided.",
        "1.38.1 of 2026-11-22T03:00:17Z",
    ],
)
def test_other_words_stay_as_they_are(told: str) -> None:
    assert veiled(told) == told


def test_every_secret_of_a_configuration_is_found_wherever_it_stands() -> None:
    azure = Azure(credential=Credential.TOKEN, token=SecretStr("the token"))
    told = {
        "host": "mail.example",
        "password": SecretStr("the password"),
        "from": "a@example.com",
        "to": "b@example.com",
    }
    way = Smtp.model_validate(told)
    settings = Settings(azure=azure, deliver=(WayOut(smtp=way),))
    assert sorted(secrets_in(settings)) == ["the password", "the token"]
