"""Hands a night's letter to every way out that wants it, and those that were kept before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from auditor.deliver import smtp as by_smtp
from auditor.deliver.message import Mail
from auditor.deliver.outbox import Kept, Outbox
from auditor.errors import why
from auditor.model.delivery import Smtp, WayOut
from auditor.model.letter import Envelope
from auditor.model.posted import Posted, Receipt


def outbox_of(output: Path) -> Path:
    """Where letters are kept that could not be sent: beside the output folder."""
    place = output.resolve()
    return place.with_name(f"{place.name}.outbox")


@dataclass(frozen=True)
class PostOffice:
    """The ways out of the configuration; ``pause`` waits, in seconds."""

    ways: Sequence[WayOut]
    outbox: Outbox
    pause: Callable[[float], None]

    def send(self, folder: Path, envelope: Envelope) -> Posted:
        """The letter in ``folder``, by every way out whose ``when`` holds; what cannot be sent is kept."""
        mail, posted = Mail(folder, envelope, datetime.now(UTC)), Posted()
        for at, way in enumerate(self.ways):
            if envelope.occasions.intersection(way.smtp.when):
                posted += self._sent(mail, at, way.smtp)
        return posted

    def send_kept(self) -> Posted:
        """Those of earlier starts, the oldest first. Each is tried once: the next start comes.

        One that cannot be read keeps none of the others back. Where another run is sending them, it is left to it.
        """
        try:
            with self.outbox.claimed() as ours:
                places = self.outbox.places() if self.ways and ours else []
                return sum(map(self._sent_from, places), Posted())
        except OSError as error:
            return _unread(self.outbox.folder, error)

    def _sent_from(self, place: Path) -> Posted:
        try:
            return self._sent_kept(self.outbox.read(place))
        except (OSError, ValueError, LookupError) as error:
            return _unread(place, error)

    def _sent(self, mail: Mail, at: int, smtp: Smtp) -> Posted:
        sending = by_smtp.Sending(smtp, mail, smtp.recipients)
        with ExitStack() as until_sent:

            def waits(seconds: float) -> None:
                """Whoever ends the night while it waits for the server leaves the letter to the next start."""
                self._kept(mail, at, sending)
                with suppress(OSError):
                    until_sent.enter_context(self.outbox.claimed())
                self.pause(seconds)

            try:
                sending.send(waits)
            except OSError as error:
                told = f"The letter in {mail.folder} was not sent: it cannot be read ({why(error)})."
                return Posted(problems=(told,))
            return self._put_away(mail, at, sending)

    def _put_away(self, mail: Mail, at: int, sending: by_smtp.Sending) -> Posted:
        """Kept where somebody may still get it; else not kept any more."""
        problems = _problems(sending)
        if _failed(sending) and _worth_keeping(sending, ()):
            return Posted(_receipts(sending), _first_with(self._kept(mail, at, sending), problems))
        place = self.outbox.place_of(mail, at)
        return Posted(_receipts(sending), (*problems, *(self._removed(place) if place.exists() else ())))

    def _kept(self, mail: Mail, at: int, sending: by_smtp.Sending) -> str:
        try:
            place = self.outbox.keep(mail, at, sending.smtp.recipients, _accepted(sending))
        except OSError as error:
            return f"It could not be kept either ({why(error)}): send {mail.folder} on with your own means."
        return f"It is kept in {place}, and the next start sends it."

    def _removed(self, place: Path) -> tuple[str, ...]:
        try:
            self.outbox.remove(place)
        except OSError as error:
            return (f"{place} was sent and could not be removed ({why(error)}): remove it, or it is sent once more.",)
        return ()

    def _sent_kept(self, kept: Kept) -> Posted:
        smtp = self._way_of(kept)
        if smtp is None:
            sentence = f"The letter in {kept.mail.folder} was not sent: deliver names no way out for it any more."
            return Posted(problems=(f"{sentence} Remove the folder if nobody waits for it.",))
        sending = by_smtp.Sending(smtp, kept.mail, [each for each in smtp.recipients if each not in kept.accepted])
        sending.send(self.pause, tries=1)
        problems = _problems(sending)
        if _failed(sending) and _worth_keeping(sending, kept.accepted):
            return Posted(_receipts(sending), _first_with(self._marked(kept, sending), problems))
        return Posted(_receipts(sending), (*problems, *self._removed(kept.mail.folder)))

    def _marked(self, kept: Kept, sending: by_smtp.Sending) -> str:
        try:
            self.outbox.mark(kept, _accepted(sending))
        except OSError as error:
            return f"It stays in {kept.mail.folder}, where it could not be noted who has it ({why(error)})."
        return f"It stays in {kept.mail.folder}, and the next start sends it."

    def _way_of(self, kept: Kept) -> Smtp | None:
        """The way out to the same people, wherever it stands by now; else the one in its place: its addresses were
        mended, perhaps."""
        same = (way.smtp for way in self.ways if set(way.smtp.recipients) == set(kept.recipients))
        in_place = self.ways[kept.way].smtp if kept.way < len(self.ways) else None
        return next(same, in_place)


def _unread(place: Path, error: Exception) -> Posted:
    reason = why(error) if isinstance(error, OSError) else "its envelope is not as it was written"
    return Posted(problems=(f"What is kept in {place} was not sent: {reason}. Look at it, or move it away.",))


def _failed(sending: by_smtp.Sending) -> list[str]:
    return [each for each in sending.recipients if not sending.answers[each].accepted]


def _accepted(sending: by_smtp.Sending) -> list[str]:
    return [each for each in sending.recipients if each in sending.answers and sending.answers[each].accepted]


def _first_with(more: str, problems: tuple[str, ...]) -> tuple[str, ...]:
    """The first sentence goes on with ``more``."""
    return (f"{problems[0]} {more}", *problems[1:])


def _worth_keeping(sending: by_smtp.Sending, accepted: Sequence[str]) -> bool:
    """Not where all that is left are addresses that the server refused for good while others have the letter."""
    somebody = bool(accepted) or any(answer.accepted for answer in sending.answers.values())
    return not somebody or any(not answer.accepted and not answer.lasting for answer in sending.answers.values())


def _problems(sending: by_smtp.Sending) -> tuple[str, ...]:
    """A sentence for all who were refused alike."""
    alike: dict[by_smtp.Answer, list[str]] = {}
    for each in _failed(sending):
        alike.setdefault(sending.answers[each], []).append(each)
    run_id = sending.mail.envelope.run_id
    return tuple(
        f"The letter of run {run_id} was not sent to {', '.join(them)}: {by_smtp.explained(sending.smtp, answer)}"
        for answer, them in alike.items()
    )


def _receipts(sending: by_smtp.Sending) -> tuple[Receipt, ...]:
    host, port = sending.smtp.at
    return tuple(
        Receipt(
            way="smtp",
            server=f"{host}:{port}",
            recipient=each,
            run_id=sending.mail.envelope.run_id,
            message_id=sending.mail.message_id(sending.smtp),
            accepted=answer.accepted,
            code=answer.code,
            answer=answer.text,
            at=datetime.now(UTC),
            tries=sending.tries[each],
            attached=sending.made.attached if answer.accepted else (),
        )
        for each in sending.recipients
        for answer in [sending.answers[each]]
    )
