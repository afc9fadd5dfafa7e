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

from auditor.deliver import earlier, sentences
from auditor.deliver.letter import Letter
from auditor.deliver.message import Mail
from auditor.deliver.outbox import Outbox
from auditor.deliver.smtp import Answer, Sending
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
            self._told[name] = Posted(problems=(sentences.not_put(standing, error),))
        else:
            self._told[name] = Posted(standing.receipts, sentences.refusals(standing, standing.waiting))

    def _claimed(self, claims: ExitStack) -> Iterator[Letter]:
        """The letters that are ours to send."""
        self._adopt()
        for name in self.outbox.names():
            try:
                ours = claims.enter_context(self.outbox.claimed(name))
                standing = self.outbox.standing(name) if ours else None
            except (ShelfRefused, ValueError) as error:
                self._told[name] = self._unread(name, error)
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
                self._told[place.name] = Posted(problems=(sentences.unread(str(place), error),))

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
            self._told[letter.name] = self._unread(letter.name, error)
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
        problems = sentences.refusals(standing, [each for each in standing.waiting if each not in letter.nameless])
        if letter.worth_keeping:
            place = self.outbox.place(letter.name)
            problems = (*(f"{each} {sentences.kept(place)}" for each in problems[:1]), *problems[1:])
            problems += (sentences.nameless(letter, place),) if letter.nameless else ()
        else:
            letter.noted = self.outbox.done(standing)
        return Posted(receipts, problems if letter.noted else (*problems, sentences.unnoted(standing)))

    def _lost(self, standing: Standing) -> Posted:
        """Whoever took its files away wants nobody to get it; that is told once."""
        if not self.outbox.refused:  # else they may lie where nobody can look now
            self.outbox.done(standing)
        return Posted(problems=(sentences.lost(standing),))

    def _unread(self, name: str, error: Exception) -> Posted:
        return Posted(problems=(sentences.unread(self.outbox.place(name) or name, error),))


def _given_up(state: RetryCallState) -> object:
    """The tries are used up: what was answered stands in the letters."""
    return state.outcome and state.outcome.result()


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
