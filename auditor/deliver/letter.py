"""One letter while the outbox is emptied: who may still get it, and by which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.deliver.smtp import Sending
from auditor.deliver.standing import Standing


@dataclass
class Letter:
    """``sendings`` by each way that names somebody who is waiting for it; ``nameless`` are those whom no way names.

    ``noted``: whether another start would know of the last answers.
    """

    standing: Standing
    sendings: Sequence[Sending]
    nameless: Sequence[str]
    looked_at: bool = False
    noted: bool = True

    @property
    def name(self) -> str:
        return self.standing.name

    @property
    def outstanding(self) -> bool:
        return any(each.outstanding for each in self.sendings)

    @property
    def tried(self) -> frozenset[str]:
        return frozenset(to for sending in self.sendings for to in sending.recipients)

    @property
    def worth_keeping(self) -> bool:
        """Not where all who are left are addresses that a server refused for good while others have the letter."""
        answers = {to: said for sending in self.sendings for to, said in sending.answers.items()}
        maybe = (to for to in self.standing.waiting if to not in answers or not answers[to].lasting)
        return bool(self.standing.waiting) and (not self.standing.have_it or any(maybe))
