"""The authority: OpenID discovery, and tokens for client secrets."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import orjson

from auditor.simulator.exchange import Answer, Call, Route, pattern

_LIFETIME_S = 3599


def _discovery(call: Call) -> Answer:
    tenant = call.parts["tenant"]
    own = f"{call.url}/{tenant}"
    return Answer(
        {
            "token_endpoint": f"{own}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{own}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{own}/v2.0",
            "authorization_endpoint": f"{own}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{own}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{own}/oauth2/v2.0/logout",
            "tenant_region_scope": "AS",
        }
    )


def _token(call: Call) -> Answer:
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if form.get("grant_type") != "client_credentials":
        return _refused(
            call, 70003, "unsupported_grant_type", f"The grant type '{form.get('grant_type')}' is not supported."
        )
    if not (form.get("client_secret") or form.get("client_assertion")):
        message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        return _refused(call, 7000218, "invalid_client", message)
    claims = {
        "aud": form.get("scope", "").removesuffix("/.default"),
        "iss": f"{call.url}/{call.parts['tenant']}/",
        "appid": form.get("client_id", ""),
        "oid": call.estate.identity_id,
        "tid": call.estate.tenant_id,
        "uti": uuid4().hex,
        "ver": "1.0",
    }
    token = {"token_type": "Bearer", "expires_in": _LIFETIME_S, "ext_expires_in": _LIFETIME_S}
    return Answer(token | {"access_token": _unsigned(claims)}, headers={"Cache-Control": "no-store, no-cache"})


def _unsigned(claims: dict[str, Any]) -> str:
    """A token in the usual form without a signature: nobody here could verify one."""
    parts = ({"typ": "JWT", "alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts) + "."


def _refused(call: Call, number: int, error: str, message: str) -> Answer:
    body = {"error": error, "error_description": f"AADSTS{number}: {message}", "error_codes": [number]}
    return Answer(body, 401 if error == "invalid_client" else 400)


ROUTES = (
    Route("discovery", "GET", pattern("/{tenant}/v2.0/.well-known/openid-configuration"), _discovery, guarded=False),
    Route("token", "POST", pattern("/{tenant}/oauth2/v2.0/token"), _token, guarded=False),
)
