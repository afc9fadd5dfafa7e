"""What is told of a letter that did not arrive: why, where it is kept, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.deliver.letter import Letter
from auditor.deliver.smtp import explained
from auditor.deliver.standing import Standing
from auditor.errors import ShelfRefused, why


def refusals(standing: Standing, recipients: Sequence[str]) -> tuple[str, ...]:
    """A sentence for all who were refused alike."""
    alike: dict[tuple[str, int | None, str], list[str]] = {}
    for each in standing.receipts:
        if each.recipient in recipients:
            host = each.server.rpartition(":")[0]
            alike.setdefault((host, each.code, each.answer), []).append(each.recipient)
    return tuple(f"{_not_sent(standing, them)}: {explained(*answer)}" for answer, them in alike.items())


def kept(place: str | None) -> str:
    """Where it waits; ``place`` is None where it could be put nowhere."""
    if place:
        return f"It is kept in {place}, and the next start sends it."
    return "It could not be kept either: send letter.html in the output folder on with your own means."


def not_put(standing: Standing, error: Exception) -> str:
    """It did not get into the outbox."""
    reason = str(error) if isinstance(error, ShelfRefused) else "what is noted of it is not as it was written."
    return f"{_not_sent(standing)}: {reason}"


def lost(standing: Standing) -> str:
    return f"{_not_sent(standing, standing.waiting)}: its files are not in the outbox any more."


def unread(place: str, error: Exception) -> str:
    """What lies at ``place`` is left alone."""
    reason = "it is not as it was written"
    if isinstance(error, OSError):
        reason = why(error)
    elif isinstance(error, ShelfRefused):
        reason = str(error).rstrip(".")
    return f"What is kept in {place} was not sent: {reason}. Look at it, or move it away."


def unnoted(standing: Standing) -> str:
    them = ", ".join(sorted(standing.have_it)) or "nobody"
    return f"That {them} has the letter of run {standing.envelope.run_id} could not be noted: it may be sent once more."


def nameless(letter: Letter, place: str | None) -> str:
    them = ", ".join(letter.nameless)
    return (
        f"The letter of run {letter.standing.envelope.run_id} is for {them}, whom deliver does not name any more: "
        f"nobody else gets it. Name them there again, or remove {place} where nobody waits for it."
    )


def _not_sent(standing: Standing, recipients: Sequence[str] = ()) -> str:
    to = f" to {', '.join(recipients)}" if recipients else ""
    return f"The letter of run {standing.envelope.run_id} was not sent{to}"
