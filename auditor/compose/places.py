"""Names beside ids: nobody knows a subscription by its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from auditor.compose.ledger import Ledger
from auditor.compose.wording import Wording
from auditor.model.scopes import Cut

NAMED = 3
"""So many names stand in a line; the tables have them all."""


@dataclass(frozen=True)
class Places:
    """What people call the scopes of readings; whatever has no name keeps its scope."""

    ledger: Ledger
    wording: Wording

    def subscription(self, subscription_id: str) -> str:
        """The name of a subscription, or its id where the name is not known."""
        return self.ledger.subscription_name(subscription_id) or subscription_id

    def label(self, scope: str) -> str:
        """One line: ``Payments (1111...)``, ``vm-app-3 (virtual machine in Payments)``."""
        name, beside = self._parts(scope)
        return self.wording.say("texts", "beside", name=name, beside=beside) if beside else name

    def lines(self, scope: str) -> str:
        """For a cell: the name, and below it what it is, and its id."""
        name, beside = self._parts(scope)
        return "\n".join(dict.fromkeys(part for part in (name, beside, scope) if part))

    def some(self, scopes: Iterable[str]) -> str:
        """The first names of several, and a sign where there are more."""
        names = [self._parts(scope)[0] for scope in islice(scopes, NAMED + 1)]
        return self.wording.listed(names[:NAMED]) + (" …" if len(names) > NAMED else "")

    def _parts(self, scope: str) -> tuple[str, str]:
        """The name of a scope, and what tells it from others of that name."""
        place = self.ledger.tally.places.get(scope)
        if place:
            kind, subscription = self.wording.say("kinds", place.kind), self.subscription(place.subscription)
            return place.name, self.wording.say("texts", "place", kind=kind, subscription=subscription)
        if scope == Cut.TENANT:
            return self.wording.say("texts", "tenant"), ""
        if scope.startswith("/subscriptions/"):
            return scope.rsplit("/", 1)[-1], self.subscription(scope.split("/")[2])
        name = self.ledger.subscription_name(scope)
        return (name, scope) if name else (scope, "")
