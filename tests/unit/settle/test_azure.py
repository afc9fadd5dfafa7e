"""The section ``azure`` of the configuration: clouds, endpoints, and who signs in how."""

from __future__ import annotations

import pytest

from auditor.model.settings import CREDENTIAL_KEYS, Credential
from tests.unit.settle.desk import ID, Desk


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "azure:\n  cloud: custom\n",
            (
                "config.yaml:1: azure.endpoints: is missing: cloud: custom needs endpoints with resource_manager, "
                "log_analytics and authority"
            ),
        ),
        (
            (
                "azure:\n  endpoints:\n    resource_manager: https://a\n    log_analytics: https://a\n"
                "    authority: https://a\n"
            ),
            (
                "config.yaml:2: azure.endpoints: endpoints go with cloud: custom only: take them out, for the other "
                "clouds have their own"
            ),
        ),
        (
            (
                "azure:\n  cloud: custom\n  endpoints:\n    resource_manager: http://127.0.0.1:8443\n"
                "    log_analytics: https://a\n    authority: https://a\n"
            ),
            (
                "config.yaml:4: azure.endpoints.resource_manager: 'http://127.0.0.1:8443' is not https: a bearer token "
                "would travel in clear; write https://..."
            ),
        ),
        (
            (
                "azure:\n  cloud: custom\n  endpoints:\n    resource_manager: https://a?b=c\n"
                "    log_analytics: https://a\n    authority: https://a\n"
            ),
            (
                "config.yaml:4: azure.endpoints.resource_manager: 'https://a?b=c' is not an endpoint: write "
                "https://host or https://host:port, and nothing behind it"
            ),
        ),
        (
            "azure:\n  ca_bundle: ca.pem\n",
            (
                "config.yaml:2: azure.ca_bundle: 'ca.pem' is not there; it is looked for beside the configuration: "
                "write the path of the certificates (PEM) that the connection is to trust"
            ),
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_to_do(desk: Desk, config: str, told: str) -> None:
    assert desk.told(config) == [told]


@pytest.mark.parametrize("key", ["client_secret", "token"])
def test_a_secret_in_clear_is_refused_and_not_repeated(desk: Desk, key: str) -> None:
    told = "\n".join(desk.told(f"azure:\n  credential: {key}\n  {key}: hunter-two\n"))
    assert f"config.yaml:3: azure.{key}: a secret does not stand in a file: put it into an environment" in told
    assert "hunter" not in told


def test_a_secret_does_not_show_where_settings_are_printed(desk: Desk) -> None:
    settings = desk.settle("azure: {credential: token, token: '${T}'}", environ={"T": "hunter-two"}).settings
    assert "hunter" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_what_a_credential_demands_is_told_key_by_key(desk: Desk) -> None:
    assert desk.told("azure:\n  credential: client_secret\n") == [
        f"config.yaml:1: azure.{key}: is missing: credential: client_secret needs client_id, client_secret and "
        "tenant_id"
        for key in ("client_id", "client_secret", "tenant_id")
    ]


def test_a_key_of_another_credential_is_refused(desk: Desk) -> None:
    assert desk.told(f"azure:\n  credential: managed_identity\n  tenant_id: {ID}\n") == [
        (
            "config.yaml:3: azure.tenant_id: credential: managed_identity takes client_id only: take tenant_id "
            "out, or name another credential"
        )
    ]


def test_the_default_credential_takes_no_keys(desk: Desk) -> None:
    assert desk.told("azure: {token: '${T}'}", environ={"T": "x"}) == [
        (
            "config.yaml:1: azure.token: credential: default takes no keys of its own: take token out, or name "
            "another credential"
        )
    ]


@pytest.mark.parametrize("kind", Credential)
def test_every_kind_of_credential_works_with_all_of_its_keys(desk: Desk, kind: Credential) -> None:
    desk.write("c.pem", "certificate and key")
    values = {
        "tenant_id": "contoso.onmicrosoft.com",
        "client_id": ID,
        "client_secret": "${S}",
        "token": "${S}",
        "certificate_path": "c.pem",
    }
    keys = "".join(f"  {key}: {values[key]}\n" for key in sorted(frozenset().union(*CREDENTIAL_KEYS[kind])))
    azure = desk.settle(f"azure:\n  credential: {kind}\n{keys}", environ={"S": "x"}).settings.azure
    assert azure.credential is kind
