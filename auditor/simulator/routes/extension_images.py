"""The extension versions that a region offers: bare arrays in text order, ids in a spelling of their own."""

from __future__ import annotations

from typing import Any

from auditor.simulator.bodies import errors
from auditor.simulator.estate import Offers
from auditor.simulator.exchange import Answer, Call, Route, pattern

_TYPES = (
    "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
    "/publishers/{publisher}/artifacttypes/vmextension/types"
)
_READ = "Microsoft.Compute/locations/publishers/artifacttypes/types"


def _publishers_offers(call: Call) -> tuple[str, Offers]:
    """The publisher in its own spelling, and what the region offers of it."""
    wanted = call.parts["publisher"].lower()
    offered = call.estate.offers(call.parts["location"])
    found = {key: versions for key, versions in offered.items() if key[0].lower() == wanted}
    return next(iter(found), ("",))[0], found


def _unknown(call: Call) -> Answer:
    body = errors.resource_manager("NotFound", f"Publisher: {call.parts['publisher']} was not found.")
    return Answer(body, 404)


def _row(call: Call, publisher: str, *rest: str) -> dict[str, Any]:
    location = call.parts["location"]
    scope = f"/Subscriptions/{call.parts['subscription']}/Providers/Microsoft.Compute/Locations/{location}"
    kinds = ("Types", "Versions")
    tail = "".join(f"/{kind}/{name}" for kind, name in zip(kinds, rest, strict=False))
    identifier = f"{scope}/Publishers/{publisher}/ArtifactTypes/VMExtension{tail}"
    return {"location": location, "name": rest[-1], "id": identifier}


def _types(call: Call) -> Answer:
    publisher, offered = _publishers_offers(call)
    if not offered:
        return _unknown(call)
    return Answer([_row(call, publisher, kind) for _, kind in sorted(offered)])


def _versions(call: Call) -> Answer:
    """The versions as texts in text order; an empty array for a type that the publisher does not have there."""
    publisher, offered = _publishers_offers(call)
    if not offered:
        return _unknown(call)
    wanted = call.parts["type"].lower()
    return Answer(
        [
            _row(call, publisher, kind, version)
            for (_, kind), versions in offered.items()
            if kind.lower() == wanted
            for version in sorted(versions)
        ]
    )


ROUTES = (
    Route(
        "extension_types",
        "GET",
        pattern(_TYPES),
        _types,
        f"{_READ}/read",
        collection=True,
        quota=("ListVMExtensionTypes3Min", "ListVMExtensionTypes30Min"),
    ),
    Route(
        "extension_versions",
        "GET",
        pattern(_TYPES + "/{type}/versions"),
        _versions,
        f"{_READ}/versions/read",
        collection=True,
        quota=("ListVMExtensions3Min", "ListVMExtensions30Min"),
    ),
)
