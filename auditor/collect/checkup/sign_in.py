"""Signing in by itself, before anything is asked: who it is, or why it is nobody, and what to try.

Numbers of the directory: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from azure.core.exceptions import AzureError

from auditor.cloud import Cloud
from auditor.collect import faults
from auditor.collect.faults import Fault, FaultKind
from auditor.model.reading import Source
from auditor.model.settings import Azure, Credential
from auditor.model.veil import Veil

_BY_NUMBER: Mapping[str, str] = {
    "7000215": "The client secret is a wrong one: bring the secret's value, not its id.",
    "7000222": "The client secret has expired: add a new one to the app registration, and bring its value.",
    "7000112": "The application is disabled: enable it in Enterprise applications, or use another one.",
    "700016": "The tenant does not know the application: check azure.client_id and azure.tenant_id.",
    "700027": "The directory does not know the certificate: upload its public part to the app registration.",
    "700213": "No federated credential of the application fits: compare issuer, subject and audience.",
    "90002": "There is no such tenant: check azure.tenant_id and azure.cloud.",
    "900023": "azure.tenant_id is no tenant: write its id or one of its domains.",
    "53003": "Conditional Access blocks it: use a managed identity or a service principal, or ask for an exception.",
    "50173": "The sign-in was withdrawn, by a new password perhaps: sign in again with az login.",
    "700082": "The sign-in is too old: sign in again with az login.",
    "50076": "A second factor is asked for: sign in again with az login, or use an identity that is nobody's.",
}
"""What to do, by the number behind ``AADSTS``."""
_BY_KIND: Mapping[Credential, str] = {
    Credential.DEFAULT: (
        "Sign in with az login, or give the machine a managed identity, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
        "AZURE_CLIENT_SECRET; azure.credential names one way for certain."
    ),
    Credential.MANAGED_IDENTITY: (
        "Run it on an Azure machine or service with a managed identity; for a user-assigned one set azure.client_id."
    ),
    Credential.WORKLOAD_IDENTITY: (
        "The cluster must set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE: look at the labels of "
        "the pod, and at its service account."
    ),
    Credential.CLIENT_SECRET: "Check azure.tenant_id, azure.client_id and the secret's value.",
    Credential.CLIENT_CERTIFICATE: "Check azure.tenant_id, azure.client_id and azure.certificate_path.",
    Credential.CLI: "Sign in with az login (with --tenant where there are several), as the user that runs this.",
    Credential.TOKEN: "Bring a fresh token: az account get-access-token prints one.",
}
_NUMBER = re.compile(r"AADSTS(\d+)")
_ATTEMPT = re.compile(r"^\t(\w+Credential): (.*)", re.MULTILINE)
"""A line of what azure-identity says where it tried several ways."""


class SignedIn(NamedTuple):
    """The identity as its token tells it; ``fault`` where there is none, ``attempts`` which ways were tried."""

    identity: Mapping[str, str | None]
    fault: Fault | None = None
    attempts: tuple[str, ...] = ()


def sign_in(cloud: Cloud, azure: Azure) -> SignedIn:
    """Get a token for the Resource Manager; it is kept for the questions that follow."""
    try:
        cloud.credential.get_token(f"{cloud.endpoints.resource_manager}/.default")
    except AzureError as error:
        return SignedIn(cloud.unsigned(), _read(error, azure, cloud.veil), _attempts(cloud.veil.over(str(error))))
    return SignedIn(cloud.identity())


def _read(error: AzureError, azure: Azure, veil: Veil) -> Fault:
    fault = faults.from_exception(Source.SUBSCRIPTIONS, error, veil)
    if fault.kind is FaultKind.UNREACHABLE:
        return fault
    number = _NUMBER.search(str(error))
    fault.close = _BY_NUMBER.get(number[1] if number else "") or _BY_KIND[azure.credential]
    if _ATTEMPT.search(str(error)):
        fault.reason = "Nobody could be signed in: each way that was tried failed"
    return fault


def _attempts(told: str) -> tuple[str, ...]:
    """Each way and why it failed, in a sentence: what follows advertises other ways and troubleshooting pages."""
    found = ((name, why.removeprefix(f"{name} authentication unavailable. ")) for name, why in _ATTEMPT.findall(told))
    return tuple(f"{name}: {why.strip().split('. ')[0].rstrip('.')}" for name, why in found)
