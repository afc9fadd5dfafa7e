"""The one way into Azure: endpoints, credential and certificate authority, for collecting and delivering alike.

Endpoints of the public clouds: https://learn.microsoft.com/azure/developer/python/sdk/azure-libraries-authenticate-sovereign-clouds
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from auditor.errors import Problem, SettingsRefused
from auditor.model.settings import Azure, secrets_in
from auditor.model.veil import Veil

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential


# Whatever the SDK logs it also raises, and the night tells that as a gap. Without any handler Python would print it on
# the terminal, tracebacks of odd error bodies included.
logging.getLogger("azure").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base addresses, https, without a slash at the end. ``portal`` is where a person looks at a resource."""

    resource_manager: str
    log_analytics: str
    authority: str
    portal: str


_CLOUDS = {
    "public": Endpoints(
        "https://management.azure.com",
        "https://api.loganalytics.io",
        "https://login.microsoftonline.com",
        "https://portal.azure.com",
    ),
    "usgovernment": Endpoints(
        "https://management.usgovcloudapi.net",
        "https://api.loganalytics.us",
        "https://login.microsoftonline.us",
        "https://portal.azure.us",
    ),
    "china": Endpoints(
        "https://management.chinacloudapi.cn",
        "https://api.loganalytics.azure.cn",
        "https://login.chinacloudapi.cn",
        "https://portal.azure.cn",
    ),
}


def endpoints_of(azure: Azure) -> Endpoints:
    """The endpoints of the configured cloud; a custom cloud names its own, and its portal is the public one."""
    if azure.endpoints is None:
        return _CLOUDS[azure.cloud]
    own = azure.endpoints
    return Endpoints(
        own.resource_manager.rstrip("/"),
        own.log_analytics.rstrip("/"),
        own.authority.rstrip("/"),
        _CLOUDS["public"].portal,
    )


_RENEWED_AT_MOST_EVERY_S = 60.0


class FixedToken:
    """A token that the caller brought (``credential: token``); it is never refreshed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)


class Credential:
    """The configured credential, whose tokens can be renewed before their time. Safe to share between threads.

    Raises what ``make`` raises: it is called at once, and again for each renewal, for a new one has nothing kept yet.
    """

    def __init__(self, make: Callable[[], TokenCredential]) -> None:
        self._make = make
        self._lock = Lock()
        self._inner = make()
        self._given: set[str] = set()
        self._renewed: float | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for ``scopes``, as azure-core asks for one. Raises ClientAuthenticationError."""
        with self._lock:
            inner = self._inner
        token = inner.get_token(*scopes, **options)
        with self._lock:
            if inner is self._inner:
                self._given.add(token.token)
        return token

    def renew(self, refused: str) -> bool:
        """Whether the next token is another than the one that Azure ``refused``.

        azure-identity keeps a token for as long as it holds by this machine's clock. One that is refused right after
        it was renewed has not merely expired.
        """
        with self._lock:
            if isinstance(self._inner, FixedToken):
                return False
            if refused not in self._given:  # another question has met it first
                return True
            now = time.monotonic()
            if self._renewed is not None and now - self._renewed < _RENEWED_AT_MOST_EVERY_S:
                return False
            self._inner, self._given, self._renewed = self._make(), set(), now
            return True


class Cloud:
    """Where to ask, as whom, and whom to trust. Signing in happens at the first request, not here."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self.veil = Veil()
        """Over what this identity signs in with."""
        self.veil.hide(*secrets_in(azure))
        self.endpoints = endpoints_of(azure)
        self.verify: str | bool = str(azure.ca_bundle) if azure.ca_bundle else True
        try:
            self.credential = Credential(partial(_credential, azure, self.endpoints.authority, self.verify))
        except (OSError, ValueError) as error:  # what azure-identity raises on a malformed tenant or certificate
            sentence = f"nobody can sign in with it: {self.veil.over(str(error))}"
            raise SettingsRefused([Problem("the configuration", 0, "azure.credential", sentence)]) from error

    def arm_options(self) -> dict[str, Any]:
        """Keyword arguments that point a management client at this cloud."""
        base = self.endpoints.resource_manager
        return {"base_url": base, "credential_scopes": [f"{base}/.default"]}

    def identity(self) -> dict[str, str | None]:
        """Object id and tenant of the identity, read from its own token; None where nobody is signed in."""
        from azure.core.exceptions import AzureError

        try:
            claims = _claims(self.credential.get_token(f"{self.endpoints.resource_manager}/.default").token)
        except AzureError:
            claims = {}  # why nobody could be signed in stands in the gaps: every question met it
        return self._told(claims)

    def unsigned(self) -> dict[str, str | None]:
        """The same of nobody, without trying to sign in again."""
        return self._told({})

    def _told(self, claims: Mapping[str, str]) -> dict[str, str | None]:
        return {
            "credential": self._azure.credential,
            "object_id": claims.get("oid"),
            "tenant_id": claims.get("tid"),
            "application_id": claims.get("appid") or claims.get("azp"),
        }


def _credential(azure: Azure, authority: str, verify: str | bool) -> TokenCredential:
    """The credential that the configuration names."""
    if azure.credential == "token":
        return FixedToken(_secret(azure.token))
    import azure.identity as identity  # 11 MiB that a token which was brought does not need

    common: dict[str, Any] = {"authority": authority, "connection_verify": verify}
    if azure.cloud == "custom":
        common["disable_instance_discovery"] = True  # a private authority is not in the public directory of authorities
    client: dict[str, Any] = {"client_id": azure.client_id} if azure.client_id else {}
    tenant: dict[str, Any] = {"tenant_id": azure.tenant_id} if azure.tenant_id else {}
    match azure.credential:
        case "managed_identity":
            return identity.ManagedIdentityCredential(**client)
        case "workload_identity":
            return identity.WorkloadIdentityCredential(**client, **tenant, **common)
        case "client_secret":
            secret = _secret(azure.client_secret)
            return identity.ClientSecretCredential(str(azure.tenant_id), str(azure.client_id), secret, **common)
        case "client_certificate":
            path = str(Path(azure.certificate_path or ""))
            return identity.CertificateCredential(str(azure.tenant_id), str(azure.client_id), path, **common)
        case "cli":
            return identity.AzureCliCredential(**tenant)
        case _:
            return identity.DefaultAzureCredential(**common)


def _secret(value: Any) -> str:
    return str(value.get_secret_value()) if value is not None else ""


def _claims(token: str) -> dict[str, str]:
    """The claims of a JSON web token, unverified: they are shown in the report, nothing is decided by them."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return {key: value for key, value in claims.items() if isinstance(value, str)} if isinstance(claims, dict) else {}
