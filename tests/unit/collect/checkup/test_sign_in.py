"""Signing in by itself: each way that was tried in a sentence, and what to try by the directory's number."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from auditor.cloud import Cloud
from auditor.collect.checkup.sign_in import SignedIn, sign_in
from auditor.model.settings import Azure, Credential
from auditor.model.veil import Veil

CHAIN = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Environment variables are not set.
Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to troubleshoot this issue.
\tManagedIdentityCredential: ManagedIdentityCredential unavailable, no response from the endpoint.
\tAzureCliCredential: Please run 'az login' to set up an account
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/azsdk/python/identity.
"""


def signed(error: Exception, credential: Credential) -> SignedIn:
    def fail(*_scopes: str) -> Any:
        raise error

    azure = Azure.model_construct(credential=credential)
    cloud = SimpleNamespace(
        credential=SimpleNamespace(get_token=fail),
        endpoints=SimpleNamespace(resource_manager="https://management.azure.com"),
        unsigned=lambda: {"object_id": None},
        veil=Veil(),
    )
    return sign_in(cast(Cloud, cloud), azure)


def test_every_way_that_was_tried_is_told_in_a_sentence() -> None:
    told = signed(ClientAuthenticationError(CHAIN), Credential.DEFAULT)
    assert told.attempts == (
        "EnvironmentCredential: Environment variables are not set",
        "ManagedIdentityCredential: ManagedIdentityCredential unavailable, no response from the endpoint",
        "AzureCliCredential: Please run 'az login' to set up an account",
    )
    assert told.fault and told.fault.reason == "Nobody could be signed in: each way that was tried failed"
    assert "az login" in told.fault.close


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        ("7000215", "not its id"),
        ("7000222", "has expired"),
        ("700016", "azure.client_id and azure.tenant_id"),
        ("90002", "azure.tenant_id and azure.cloud"),
        ("53003", "Conditional Access"),
        ("1", "Check azure.tenant_id, azure.client_id"),
    ],
)
def test_the_directorys_number_says_what_to_try(number: str, advice: str) -> None:
    error = ClientAuthenticationError(f"Authentication failed: AADSTS{number}: Something. Trace ID: 17 Timestamp: 18")
    told = signed(error, Credential.CLIENT_SECRET)
    assert told.fault and advice in told.fault.close
    assert f"AADSTS{number}" in told.fault.reason and "Trace" not in told.fault.reason
    assert told.attempts == ()


@pytest.mark.parametrize("credential", Credential)
def test_every_way_of_signing_in_has_its_advice(credential: Credential) -> None:
    told = signed(CredentialUnavailableError("It is not there."), credential)
    assert told.fault and told.fault.close and told.identity == {"object_id": None}


def test_a_directory_that_cannot_be_reached_is_no_wrong_identity() -> None:
    told = signed(ServiceRequestError("Failed to resolve 'login.example'"), Credential.CLIENT_SECRET)
    assert told.fault and "could not be reached" in told.fault.reason and "network" in told.fault.close
