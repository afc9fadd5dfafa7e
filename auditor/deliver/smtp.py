"""Mail over SMTP: https://www.rfc-editor.org/rfc/rfc5321. One try at a time; who comes again is not decided here."""

from __future__ import annotations

import base64
import math
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from auditor.deliver.message import Made, Mail
from auditor.model.delivery import Security, Smtp, addresses
from auditor.model.veil import veiled

_ANSWER_S, _TAKEN_S = 60.0, 600.0
"""For how long an answer is awaited, and the one to the whole letter (RFC 5321, 4.5.3.2): who gives up too early on
that one sends it twice."""
_LEAST_S = 10.0
"""For how long an answer is awaited where no time is left: a server that is there answers by then."""
_FAREWELL_S = 5.0
"""What was said before is noted only then."""
_OK, _LASTING = 250, 500
_DONE = range(200, 300)
"""Positive completion (RFC 5321, 4.2.1): nothing else, and no answer that is none, means yes."""
_TOO_LARGE = 552
_MOST_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said for one recipient; ``code`` is None where it said nothing, and ``text`` says why.

    ``lasting``: asking again would not help. ``accepted``: it took the whole letter; no other answer is worth that.
    """

    code: int | None
    text: str
    lasting: bool = False
    accepted: bool = False


@dataclass
class Sending:
    """One letter on its way to ``recipients``: who has it, who may still get it.

    ``tries``: how often it was handed over for each. ``attached``: the files in it, as it was last handed over.
    ``reached``: whether the server was ready to take letters, at the last try.
    """

    smtp: Smtp
    recipients: Sequence[str]
    tries: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    reached: bool = True
    _bare: bool = False
    _refused_whole: bool = False

    @property
    def outstanding(self) -> list[str]:
        """Those whom another try may reach."""
        held = (each for each in self.recipients if each in self.answers)
        settled = {each for each in held if self.answers[each].accepted or self.answers[each].lasting}
        return [each for each in self.recipients if each not in settled]

    def try_once(self, mail: Mail, left_s: float = math.inf) -> None:
        """One connection; where the letter was too large, a second one for it without its files.

        ``left_s``: for how long answers may be awaited. Raises ValueError and LookupError for a letter that is none.
        """
        self._once(mail.made(self.smtp, bare=self._bare), left_s)
        if self._refused_whole and self.attached:
            self._bare = True
            self.answers = {each: told for each, told in self.answers.items() if told.code != _TOO_LARGE}
            self._once(mail.made(self.smtp, bare=True), left_s)

    def answer_all(self, answer: Answer) -> None:
        """Nobody was asked: the server has just answered another letter so, before it took any."""
        self.answers |= dict.fromkeys(self.outstanding, answer)

    def _once(self, made: Made, left_s: float) -> None:
        wanted, told = self.outstanding, dict[str, Answer]()
        self.tries |= {each: self.tries.get(each, 0) + 1 for each in wanted}
        self.attached, self.reached, self._refused_whole = made.attached, False, False
        failed = None
        try:
            with _connected(self.smtp, _within(left_s, _ANSWER_S)) as server:
                self.reached = True
                self._hand_over(server, made.content, wanted, told, _within(left_s, _TAKEN_S))
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors too
            failed = _failure(self.smtp, error)
        self.answers |= (dict.fromkeys(wanted, failed) if failed else {}) | told

    def _hand_over(
        self, server: smtplib.SMTP, content: bytes, wanted: Sequence[str], told: dict[str, Answer], taken_s: float
    ) -> None:
        """The dialogue by hand, for smtplib's own keeps no answer of those who accept."""
        size = [f"size={len(content)}"] if server.has_extn("size") else []
        code, text = server.mail(addresses(self.smtp.sender)[0][1], size)
        self._refused_whole = code == _TOO_LARGE
        if code != _OK:
            raise smtplib.SMTPResponseException(code, text)
        willing = []
        for each in wanted:
            code, text = server.rcpt(each)
            if code in _DONE:
                willing.append(each)
            else:
                told[each] = _answer(self.smtp, code, text)
        if not willing:
            return
        if server.sock:
            server.sock.settimeout(taken_s)
        code, text = server.data(content)
        self._refused_whole = code == _TOO_LARGE
        told |= dict.fromkeys(willing, replace(_answer(self.smtp, code, text), accepted=code in _DONE))


def _within(left_s: float, usual_s: float) -> float:
    return min(usual_s, max(left_s, _LEAST_S))


@contextmanager
def _connected(smtp: Smtp, answer_s: float = _ANSWER_S) -> Iterator[smtplib.SMTP]:
    """A server that is ready to take mail, over a way as closed as the configuration demands."""
    server = _opened(smtp, answer_s)
    try:
        server.ehlo()
        if smtp.security is Security.STARTTLS:
            server.starttls(context=_context(smtp))
            server.ehlo()
        if smtp.username and smtp.password:
            server.login(smtp.username, smtp.password.get_secret_value())
        yield server
    finally:
        with suppress(OSError):  # what it says to a farewell must not hide what it said before
            if server.sock:
                server.sock.settimeout(_FAREWELL_S)
            server.quit()
        server.close()


def _opened(smtp: Smtp, answer_s: float) -> smtplib.SMTP:
    host, port = smtp.at
    if smtp.security is Security.TLS:
        return smtplib.SMTP_SSL(host, port, timeout=answer_s, context=_context(smtp))
    return smtplib.SMTP(host, port, timeout=answer_s)


def _context(smtp: Smtp) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(smtp.ca_bundle) if smtp.ca_bundle else None)


def check(smtp: Smtp) -> str | None:
    """Connect, close the way and sign in, and send nothing. Returns why that fails, None where it does not."""
    try:
        with _connected(smtp):
            return None
    except (OSError, ValueError) as error:
        answer = _failure(smtp, error)
        return explained(smtp.host, answer.code, answer.text)


def explained(host: str, code: int | None, text: str) -> str:
    """Why the letter was not taken, and what to try."""
    told = f"{code} {text}" if code else text
    if code in _NOT_SIGNED_IN:
        remedy = "Set the environment variable that the password names in deliver to the right one"
        return f"{host} did not accept the user name and the password ({told}). {remedy}."
    return f"{host} did not take it ({told})." if code else f"{host} was not reached: {told}."


def _failure(smtp: Smtp, error: Exception) -> Answer:
    """What went wrong before anybody could answer for a recipient."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(smtp, error.smtp_code, error.smtp_error)
    for kind, lasting, sentence in _FAILURES:
        if isinstance(error, kind):
            return Answer(None, _clean(smtp, sentence.format(error=error)), lasting)
    return Answer(None, _clean(smtp, str(error)))


_NOT_SIGNED_IN = (530, 534, 535)
_FAILURES: tuple[tuple[type[Exception], bool, str], ...] = (
    (ssl.SSLCertVerificationError, True, "its certificate is not trusted ({error.verify_message}); compare ca_bundle"),
    (ssl.SSLError, True, "it does not speak TLS there ({error.reason}); compare security and port"),
    (smtplib.SMTPServerDisconnected, False, "the connection was closed before the letter was accepted"),
    (smtplib.SMTPException, True, "{error}; compare security, username and port"),
    (UnicodeError, True, "the user name or the password holds other characters than ASCII, which cannot be sent"),
    (socket.gaierror, False, "its name was not found ({error.strerror})"),
    (TimeoutError, False, "it did not answer in time"),
    (OSError, False, "{error.strerror}"),
)
"""By kind of error, the first that holds: whether it lasts, and what it means."""


def _answer(smtp: Smtp, code: int, text: bytes | str) -> Answer:
    told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if code < 0:  # smtplib's word for what does not begin with a number
        return Answer(
            None, _clean(smtp, f"what answers there speaks no SMTP ({told}); compare host, port and security")
        )
    return Answer(code, _clean(smtp, told), code >= _LASTING)


def _clean(smtp: Smtp, text: str) -> str:
    """One line of what a server says, without the secret that it may repeat, in clear or as it was sent to it."""
    for secret in _secrets(smtp):
        text = text.replace(secret, "***")
    line = veiled(" ".join("".join(each if each.isprintable() else " " for each in text).split()))
    return line if len(line) <= _MOST_ANSWER else line[:_MOST_ANSWER] + " …"


def _secrets(smtp: Smtp) -> Iterator[str]:
    if smtp.password:
        password, user = smtp.password.get_secret_value(), smtp.username or ""
        yield password
        yield from (base64.b64encode(each.encode()).decode() for each in (password, f"\0{user}\0{password}"))
