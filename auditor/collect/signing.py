"""Signs each question with a token; one that Azure refuses as ended is renewed, and the question put once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import BearerTokenCredentialPolicy

from auditor.cloud import Cloud

if TYPE_CHECKING:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

_ENDED = 'error="invalid_token"'
"""What a challenge says of a token that has expired, was revoked or cannot be read (RFC 6750, 3.1)."""


class RenewingPolicy(BearerTokenCredentialPolicy[Any, Any]):
    """azure-core's policy, which renews tokens by this machine's clock, and goes by Azure's word besides.

    The two disagree where a token is revoked, and where the clock was put back in the run. ``meter`` counts what is
    sent once more, too; ``scopes`` as azure-core takes them.
    """

    def __init__(self, cloud: Cloud, meter: SansIOHTTPPolicy[Any, Any], *scopes: str) -> None:
        super().__init__(cloud.credential, *scopes)
        self._renewable = cloud.credential
        self._meter = meter

    def on_challenge(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether the question is signed anew, and worth another try."""
        if super().on_challenge(request, response):
            return True
        if _ENDED not in response.http_response.headers.get("WWW-Authenticate", "").lower():
            return False
        refused = request.http_request.headers["Authorization"].removeprefix("Bearer ")
        if not self._renewable.renew(refused):
            return False
        self.authorize_request(request, *self._scopes)
        self._meter.on_response(request, response)
        self._meter.on_request(request)
        return True
