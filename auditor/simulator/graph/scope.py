"""What a request asks about, and what of it the identity may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditor.simulator.graph import refusals
from auditor.simulator.specs import SubscriptionSpec

MOST_SUBSCRIPTIONS: Final = 1000
"""Named in one request (documented)."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scope:
    """Subscriptions and management groups by their ids, in lower case."""

    subscriptions: frozenset[str]
    management_groups: frozenset[str] = frozenset()


def scope_of(asked: Mapping[str, Any], subscriptions: Sequence[SubscriptionSpec]) -> Scope:
    """The scope of a request: the subscriptions that it names, those under its management groups, or all.

    What the identity may not read is left out without a word, as the service does. Raises QueryRefused where nothing
    is left.
    """
    readable = [each for each in subscriptions if not each.refused]
    wanted, groups = asked.get("subscriptions") or [], _lower(asked.get("managementGroups") or ())
    if wanted:
        _check(wanted)
        scope = Scope(_lower(each.id for each in readable) & _lower(wanted))
    else:
        under = [each for each in readable if not groups or groups & set(_chain(each))]
        scope = Scope(_lower(each.id for each in under), _below(under, groups))
    if not scope.subscriptions:
        raise refusals.no_valid_subscription(wanted)
    return scope


def _check(wanted: list[str]) -> None:
    if len(wanted) > MOST_SUBSCRIPTIONS:
        raise refusals.too_many_subscriptions(len(wanted), MOST_SUBSCRIPTIONS)
    if wrong := [each for each in wanted if not _GUID.fullmatch(each)]:
        raise refusals.not_guids(wrong)


def _chain(subscription: SubscriptionSpec) -> list[str]:
    return [name.lower() for name, _ in subscription.management_groups]


def _below(subscriptions: list[SubscriptionSpec], groups: frozenset[str]) -> frozenset[str]:
    """The management groups that were named and those under them; all where none was named."""
    chains = [_chain(each) for each in subscriptions]
    return frozenset(
        name for chain in chains for depth, name in enumerate(chain) if not groups or groups & set(chain[depth:])
    )


def _lower(ids: Iterable[str]) -> frozenset[str]:
    return frozenset(each.lower() for each in ids)
