"""A mail, made from a letter and its files: the same letter gives the same mail, byte by byte."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from auditor.model.delivery import Smtp, addresses
from auditor.model.files import LETTER_HTML, LETTER_TEXT, READABLE
from auditor.model.letter import Envelope

_TYPES = {
    "html": ("text", "html"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""Of what may be attached, by the word of the configuration."""
_POLICY = SMTP.clone(cte_type="7bit")
"""Whatever a server between here and there can carry: nothing but ASCII."""
_PICTURE = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"')
_GROWTH = 1.37
"""How much longer a file is as base64 in lines."""


@dataclass(frozen=True, slots=True)
class Made:
    """A mail as it is sent, and the names of the files in it."""

    content: bytes
    attached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """The letter and the files that may go with it, by name; ``name`` is of its night and way, ``written`` its Date."""

    files: Mapping[str, bytes]
    envelope: Envelope
    name: str
    written: datetime

    def message_id(self, smtp: Smtp) -> str:
        """Of the night and the way: one that is sent again is not a second letter."""
        return f"<{self.name}@{_domain(smtp)}>"

    def made(self, smtp: Smtp, *, bare: bool = False) -> Made:
        """The mail with as many files as its budget allows; ``bare``: with none, for the server found it too large."""
        html, text = (self.files[name].decode() for name in (LETTER_HTML, LETTER_TEXT))
        wanted = [(READABLE[key], _TYPES[key]) for key in smtp.attach if READABLE[key] in self.files]
        room = smtp.attach_budget - len(html) - len(text)
        chosen = [] if bare else self._chosen(wanted, room)
        told = self._told(wanted, chosen, bare=bare)
        message = self._addressed(smtp)
        message.set_content(text.replace(self.envelope.beside, told))
        beside, instead = (escape(each, quote=False) for each in (self.envelope.beside, told))
        _add_html(message, html.replace(beside, instead), _domain(smtp))
        for name, (maintype, subtype) in chosen:
            # Text without a charset is ASCII (RFC 2046, 4.1.2): the page's own word is not asked by all who show it.
            params = {"charset": "utf-8"} if maintype == "text" else {}
            message.add_attachment(self.files[name], maintype, subtype, filename=name, params=params)
        _set_boundaries(message, self.name)
        return Made(message.as_bytes(), tuple(name for name, _kind in chosen))

    def _chosen(self, wanted: Sequence[tuple[str, tuple[str, str]]], room: float) -> list[tuple[str, tuple[str, str]]]:
        chosen = []
        for name, kind in wanted:
            size = len(self.files[name]) * _GROWTH
            if size <= room:
                chosen.append((name, kind))
                room -= size
        return chosen

    def _told(self, wanted: Sequence[tuple[str, object]], chosen: Sequence[tuple[str, object]], *, bare: bool) -> str:
        """Which files are attached, and why one is not."""
        names, inside = ([name for name, _kind in each] for each in (wanted, chosen))
        left = [name for name in names if name not in inside]
        envelope = self.envelope
        parts = [envelope.attached.format(files=" ".join(inside))] if inside else []
        if left:
            sentence = envelope.too_large if bare else envelope.left_off
            parts.append(sentence.format(files=" ".join(left)))
        return " ".join(parts) or envelope.elsewhere

    def _addressed(self, smtp: Smtp) -> EmailMessage:
        message = EmailMessage(policy=_POLICY)
        message["From"], message["To"] = smtp.sender, ", ".join(smtp.to)
        if smtp.cc:
            message["Cc"] = ", ".join(smtp.cc)
        if smtp.reply_to:
            message["Reply-To"] = smtp.reply_to
        message["Subject"] = self.envelope.subject
        message["Date"] = self.written
        message["Message-ID"] = self.message_id(smtp)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes, please
        return message


def _add_html(message: EmailMessage, html: str, domain: str) -> None:
    """The page of the letter, its pictures as parts of their own: mail programs do not show data: addresses."""
    pictures: list[bytes] = []

    def part_of(found: re.Match[str]) -> str:
        pictures.append(b64decode(found[1]))
        return f'src="cid:chart-{len(pictures)}@{domain}"'

    message.add_alternative(_PICTURE.sub(part_of, html), subtype="html")
    page = list(message.iter_parts())[-1]
    for number, picture in enumerate(pictures, 1):
        page.add_related(
            picture, "image", "png", cid=f"<chart-{number}@{domain}>", filename=f"chart-{number}.png",
            disposition="inline",
        )  # fmt: skip


def _set_boundaries(message: EmailMessage, name: str) -> None:
    """Python's own are drawn by lot. No line of what they part begins so: ``=_`` is in no encoded text (RFC 2045, 6.7),
    and what is not encoded is the letter's own words."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{name}_{number}")


def _domain(smtp: Smtp) -> str:
    """Of the sender's address."""
    return addresses(smtp.sender)[0][1].rpartition("@")[2]
