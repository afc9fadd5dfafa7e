"""Error bodies, in the forms of the services that write them."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def resource_manager(code: str, message: str, **more: Any) -> Body:
    """``error`` with code and message: Resource Manager and the compute provider."""
    return {"error": {"code": code, "message": message} | more}


def insights(code: str, message: str) -> Body:
    """Bare ``code`` and ``message``: the activity log."""
    return {"code": code, "message": message}


def log_analytics(code: str, message: str, correlation: str, inner: Body | None = None) -> Body:
    """``error`` with the message first, a correlation id and inner errors: the query service."""
    error: Body = {"message": message, "code": code, "correlationId": correlation}
    if inner is not None:
        error["innererror"] = inner
    return {"error": error}


def refused(identity: str, action: str, scope: str) -> Body:
    message = (
        f"The client '{identity}' with object id '{identity}' does not have authorization to perform action '{action}' "
        f"over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials."
    )
    return resource_manager("AuthorizationFailed", message)


def resource_not_found(resource: str, group: str) -> Body:
    message = (
        f"The Resource '{resource}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return resource_manager("ResourceNotFound", message)
