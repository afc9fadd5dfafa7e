"""What every request passes before a route handles it: path, token, api-version, quota, subscription, permission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from auditor.simulator.bodies import errors
from auditor.simulator.estate import Estate
from auditor.simulator.exchange import Answer, Route, not_found
from auditor.simulator.permissions import may
from auditor.simulator.quotas import Quotas
from auditor.simulator.routes import all_routes
from auditor.simulator.weather import EXPIRED, EXPIRED_HEADERS

_ASK_FOR_BEARER = (
    'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
    "error_description=\"The authentication failed because of missing 'Authorization' header.\""
)
_FROM_GATEWAY = {"x-ms-failure-cause": "gateway"}


@dataclass(frozen=True, slots=True)
class Admission:
    """The route and what its pattern caught, or the refusal; ``headers`` belong on the answer either way."""

    headers: Mapping[str, str]
    route: Route | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    refusal: Answer | None = None


class Gate:
    """Decides in the order in which Resource Manager does."""

    def __init__(self, estate: Estate, *, quotas: bool) -> None:
        self._routes = all_routes()
        self._quotas = Quotas(quotas)
        self._shown: set[str] = set()
        self._expired: set[str] = set()
        self.see(estate)

    def see(self, estate: Estate) -> None:
        """From now on decide by what ``estate`` says of its subscriptions."""
        self._identity = estate.identity_id
        self._subscriptions = {each.id.lower(): each for each in estate.subscriptions()}

    def expire_tokens(self) -> None:
        """Every token that was shown until now is refused from now on."""
        self._expired |= self._shown

    def warm(self, estate: Estate) -> None:
        """Make ready what first requests would wait for."""
        for route in self._routes:
            if route.warm is not None:
                route.warm(estate)

    def name_of(self, method: str, path: str) -> str:
        found = self._find(method, path)
        return found[0].name if found else "unknown"

    def admit(self, method: str, path: str, query: Mapping[str, str], authorization: str) -> Admission:
        request_id = str(uuid4())
        headers = {"x-ms-request-id": request_id, "x-ms-correlation-request-id": request_id}
        found = self._find(method, path)
        if found is None:
            return Admission(headers, refusal=_no_such_path(path))
        route, parts = found
        admitted = Admission(headers, route, parts)
        if not route.guarded:
            return admitted
        refusal = self._without_token(route, authorization) or _without_version(route, query)
        if refusal is None:
            limits, refusal = self._quotas.take(route, parts.get("subscription", ""), path, authorization)
            admitted = replace(admitted, headers=headers | dict(limits))
        return replace(admitted, refusal=refusal or self._not_permitted(route, parts, path))

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route in self._routes:
            if route.method == method and (found := route.pattern.fullmatch(path)):
                return route, found.groupdict()
        return None

    def _without_token(self, route: Route, authorization: str) -> Answer | None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return _no_token(route)
        self._shown.add(token)
        if token in self._expired or token.strip().lower().startswith("expired"):
            return Answer(errors.resource_manager("ExpiredAuthenticationToken", EXPIRED), 401, EXPIRED_HEADERS)
        return None

    def _not_permitted(self, route: Route, parts: Mapping[str, str], path: str) -> Answer | None:
        if "subscription" not in parts:
            return None
        subscription = self._subscriptions.get(parts["subscription"].lower())
        if subscription is None or not (subscription.listed or route.action):
            message = f"The subscription '{parts['subscription']}' could not be found."
            return not_found("SubscriptionNotFound", message)
        if route.action and not may(subscription, route.action, parts.get("group")):
            scope = path.rstrip("/").rpartition("/")[0] if route.collection else path
            return Answer(errors.refused(self._identity, route.action, scope), 403, _FROM_GATEWAY)
        return None


def _no_token(route: Route) -> Answer:
    if route.name == "log_analytics":
        body = errors.log_analytics("AuthorizationRequiredError", "Valid authentication was not provided", str(uuid4()))
        return Answer(body, 401)
    message = "Authentication failed. The 'Authorization' header is missing."
    headers = {"WWW-Authenticate": _ASK_FOR_BEARER} | _FROM_GATEWAY
    return Answer(errors.resource_manager("AuthenticationFailed", message), 401, headers)


def _without_version(route: Route, query: Mapping[str, str]) -> Answer | None:
    if route.name == "log_analytics" or query.get("api-version"):
        return None
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return Answer(errors.resource_manager("MissingApiVersionParameter", message), 400, _FROM_GATEWAY)


def _no_such_path(path: str) -> Answer:
    message = f"The simulated Azure does not serve '{path}'."
    return not_found("InvalidResourceType", message)
