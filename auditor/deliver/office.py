"""Puts a night's letters into the outbox, and empties it: tonight's letters and those of earlier nights, all alike.

A letter goes to those whom it was for when it was put there, by whatever way out names them now; to nobody else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tenacity import RetryCallState, Retrying, retry_if_result, wait_exponential

from auditor.deliver import earlier
from auditor.deliver.message import Mail
from auditor.deliver.outbox import Outbox
from auditor.deliver.smtp import Answer, Sending, explained
from auditor.deliver.standing import Standing
from auditor.errors import ArchiveBusy, ShelfRefused, why
from auditor.model.delivery import WayOut
from auditor.model.files import LETTER_FILES
from auditor.model.letter import Envelope
from auditor.model.posted import Posted, Receipt

TRIES = 6
"""Greylisting lets a letter in after some five minutes, mostly; with the waits below the last try is after twelve."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 30, 300


@dataclass
class Letter:
    """One letter while the outbox is emptied: ``sendings`` by each way that names somebody who is waiting for it, and
    ``nameless`` those whom no way names."""

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


@dataclass
class PostOffice:
    """The ways out of the configuration; ``pause`` waits, in seconds, and ``left`` tells how many there are for it."""

    ways: Sequence[WayOut]
    outbox: Outbox
    pause: Callable[[float], None]
    left: Callable[[], float] = lambda: math.inf

    def __post_init__(self) -> None:
        self._told: dict[str, Posted] = {}
        self._tonight: set[str] = set()

    @property
    def posted(self) -> Posted:
        """What has become of each letter by its last answers, and a sentence for each place that did not work."""
        told = (posted for _name, posted in sorted(self._told.items()))
        return sum(told, Posted(problems=tuple(self.outbox.refused)))

    @property
    def has_letters(self) -> bool:
        return bool(earlier.places(self.outbox.beside.folder) or self.outbox.names())

    def put(self, folder: Path, envelope: Envelope) -> None:
        """The letter in ``folder`` into the outbox, for every way out whose ``when`` holds.

        One that is there, or was sent by a start that did not end, is nothing new.
        """
        try:
            files = {name: (folder / name).read_bytes() for name in LETTER_FILES if (folder / name).is_file()}
        except OSError as error:
            told = f"The letter in {folder} was not sent: it cannot be read ({why(error)})."
            self._told[envelope.run_id] = Posted(problems=(told,))
            return
        for at, way in enumerate(self.ways):
            if envelope.occasions.intersection(way.smtp.when):
                self._put(Standing(envelope, datetime.now(UTC), at, way.smtp.recipients), files)

    def empty(self, tries: int = TRIES) -> None:
        """Send what lies in the outbox, the oldest first, until nobody is left who may get a letter, or ``tries`` are
        used up, or the time for waiting.

        One letter that cannot be read or sent keeps no other back. Where another run is sending one, it is left to it.
        """
        with ExitStack() as claims:
            letters = list(self._claimed(claims))
            retrying = Retrying(
                stop=lambda state: state.attempt_number >= tries or state.upcoming_sleep >= self.left(),
                wait=wait_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S),
                retry=retry_if_result(bool),
                sleep=self.pause,
                retry_error_callback=_given_up,
            )
            retrying(self._round, letters)

    def finished(self) -> None:
        """The night is over, and no start takes it up again: what is noted of letters that were sent goes."""
        self.outbox.finished()

    def _put(self, standing: Standing, files: Mapping[str, bytes]) -> None:
        name = standing.name
        self._tonight.add(name)
        try:
            standing = self.outbox.put(standing, files)
        except (ArchiveBusy, ValueError) as error:
            self._told[name] = Posted(problems=(_not_sent(standing, error),))
        else:
            self._told[name] = Posted(standing.receipts, _refusals(standing, standing.waiting))

    def _claimed(self, claims: ExitStack) -> Iterator[Letter]:
        """The letters that are ours to send."""
        self._adopt()
        for name in self.outbox.names():
            try:
                ours = claims.enter_context(self.outbox.claimed(name))
                standing = self.outbox.standing(name) if ours else None
            except (ShelfRefused, ValueError) as error:
                self._told[name] = _unread(self.outbox.place(name) or name, error)
                continue
            if standing and not standing.done:
                yield self._addressed(standing)
            elif standing and self.outbox.place(name):  # who has noted that was killed before its files went
                self.outbox.done(standing)

    def _adopt(self) -> None:
        """What an earlier version has kept is put into the outbox."""
        for place in earlier.places(self.outbox.beside.folder):
            try:
                standing, files = earlier.read(place)
                self.outbox.put(standing, files, for_later=True)
                with self._undone(standing.name):
                    earlier.remove(place)
            except (OSError, ValueError, ShelfRefused) as error:
                self._told[place.name] = _unread(str(place), error)

    @contextmanager
    def _undone(self, name: str) -> Iterator[None]:
        """What cannot be removed from its old place would be put here again, and sent once more."""
        try:
            yield
        except OSError:
            self.outbox.withdraw(name)
            raise

    def _addressed(self, standing: Standing) -> Letter:
        """Those who wait for it by the ways that name them, the one in its old place first."""
        waiting, sendings = standing.waiting, []
        tries = {each.recipient: each.tries for each in standing.receipts}
        for _at, way in sorted(enumerate(self.ways), key=lambda each: each[0] != standing.way):
            named = {each.lower() for each in way.smtp.recipients}
            if those := [each for each in waiting if each.lower() in named]:
                sendings.append(Sending(way.smtp, those, {each: tries.get(each, 0) for each in those}))
                waiting = tuple(each for each in waiting if each not in those)
        return Letter(standing, sendings, waiting)

    def _round(self, letters: Sequence[Letter]) -> list[Letter]:
        """Every letter once. Returns those that somebody may still get."""
        unready: dict[object, Answer] = {}
        for letter in letters:
            if letter.outstanding or not letter.looked_at:
                letter.looked_at = True
                self._try(letter, unready)
        return [each for each in letters if each.outstanding]

    def _try(self, letter: Letter, unready: dict[object, Answer]) -> None:
        try:
            mail = self.outbox.mail(letter.standing)
            for sending in letter.sendings:
                if sending.outstanding:
                    self._hand_over(letter, sending, mail, unready)
        except LookupError:
            letter.sendings = ()
            self._told[letter.name] = self._lost(letter.standing)
        except (ShelfRefused, ValueError) as error:
            letter.sendings = ()
            self._told[letter.name] = _unread(self.outbox.place(letter.name) or letter.name, error)
        else:
            self._told[letter.name] = self._outcome(letter)

    def _hand_over(self, letter: Letter, sending: Sending, mail: Mail, unready: dict[object, Answer]) -> None:
        """A server that is not ready for one letter, or does not let us in, is not asked for the next ones at once."""
        server, wanted = (sending.smtp.at, sending.smtp.username), sending.outstanding
        if server in unready:
            sending.answer_all(unready[server])
            letter.standing = letter.standing.answered(_receipts(sending, wanted, mail))
            return
        sending.try_once(mail, self.left())
        letter.standing = letter.standing.answered(_receipts(sending, wanted, mail))
        letter.noted = self.outbox.note(letter.standing)
        if not sending.reached:
            unready[server] = sending.answers[wanted[0]]

    def _outcome(self, letter: Letter) -> Posted:
        standing, tonight = letter.standing, letter.name in self._tonight
        receipts = tuple(each for each in standing.receipts if tonight or each.recipient in letter.tried)
        problems = _refusals(standing, [each for each in standing.waiting if each not in letter.nameless])
        if letter.worth_keeping:
            place = self.outbox.place(letter.name)
            kept = f"It is kept in {place}, and the next start sends it." if place else _KEPT_NOWHERE
            problems = (*(f"{each} {kept}" for each in problems[:1]), *problems[1:])
            problems += (_nameless(letter, place),) if letter.nameless else ()
        else:
            letter.noted = self.outbox.done(standing)
        return Posted(receipts, problems if letter.noted else (*problems, _unnoted(standing)))

    def _lost(self, standing: Standing) -> Posted:
        """Whoever took its files away wants nobody to get it; that is told once."""
        if not self.outbox.refused:  # else they may lie where nobody can look now
            self.outbox.done(standing)
        told = f"The letter of run {standing.envelope.run_id} was not sent to {', '.join(standing.waiting)}"
        return Posted(problems=(f"{told}: its files are not in the outbox any more.",))


_KEPT_NOWHERE = "It could not be kept either: send letter.html in the output folder on with your own means."


def _given_up(state: RetryCallState) -> object:
    """The tries are used up: what was answered stands in the letters."""
    return state.outcome and state.outcome.result()


def _not_sent(standing: Standing, error: Exception) -> str:
    reason = str(error) if isinstance(error, ShelfRefused) else "what is noted of it is not as it was written."
    return f"The letter of run {standing.envelope.run_id} was not sent: {reason}"


def _unread(place: str, error: Exception) -> Posted:
    reason = "it is not as it was written"
    if isinstance(error, OSError):
        reason = why(error)
    elif isinstance(error, ShelfRefused):
        reason = str(error).rstrip(".")
    return Posted(problems=(f"What is kept in {place} was not sent: {reason}. Look at it, or move it away.",))


def _unnoted(standing: Standing) -> str:
    them = ", ".join(sorted(standing.have_it)) or "nobody"
    return f"That {them} has the letter of run {standing.envelope.run_id} could not be noted: it may be sent once more."


def _nameless(letter: Letter, place: str | None) -> str:
    them = ", ".join(letter.nameless)
    return (
        f"The letter of run {letter.standing.envelope.run_id} is for {them}, whom deliver does not name any more: "
        f"nobody else gets it. Name them there again, or remove {place} where nobody waits for it."
    )


def _refusals(standing: Standing, recipients: Sequence[str]) -> tuple[str, ...]:
    """A sentence for all who were refused alike."""
    alike: dict[tuple[str, int | None, str], list[str]] = {}
    for each in standing.receipts:
        if each.recipient in recipients:
            host = each.server.rpartition(":")[0]
            alike.setdefault((host, each.code, each.answer), []).append(each.recipient)
    return tuple(
        f"The letter of run {standing.envelope.run_id} was not sent to {', '.join(them)}: {explained(*answer)}"
        for answer, them in alike.items()
    )


def _receipts(sending: Sending, recipients: Sequence[str], mail: Mail) -> tuple[Receipt, ...]:
    host, port = sending.smtp.at
    return tuple(
        Receipt(
            way="smtp",
            server=f"{host}:{port}",
            recipient=each,
            run_id=mail.envelope.run_id,
            message_id=mail.message_id(sending.smtp),
            accepted=answer.accepted,
            code=answer.code,
            answer=answer.text,
            at=datetime.now(UTC),
            tries=sending.tries.get(each, 0),
            attached=sending.attached if answer.accepted else (),
        )
        for each in recipients
        for answer in [sending.answers[each]]
    )
