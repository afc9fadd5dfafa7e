"""Where the report is sent besides its folder, under the very names of the configuration file."""

from __future__ import annotations

from email.errors import MessageError
from email.policy import SMTP
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from auditor.model.strict import Size, Strict, Text

SECRETS = frozenset({"password"})
"""The keys of a way out that may only come out of the environment."""


class When(StrEnum):
    """On which nights a letter goes out; of a night that could read nothing it always does."""

    ALWAYS = "always"
    FAILURES = "failures"
    NEW_FAILURES = "new_failures"
    INCOMPLETE = "incomplete"


class Security(StrEnum):
    """How the way to the mail server is closed: from its first byte, by STARTTLS, or (loopback only) not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}
"""The usual port of each (RFC 8314, RFC 6409)."""


def addresses(text: str) -> tuple[tuple[str, str], ...]:
    """The names (which may be empty) and addresses in ``text``, as a header writes them; none where it is no such
    thing as a whole."""
    if not text.isprintable():
        return ()
    try:
        header = SMTP.header_factory("to", text)
    except (MessageError, IndexError, ValueError):
        return ()
    if header.defects:
        return ()
    return tuple((each.display_name, each.addr_spec) for each in header.addresses)


def _address(text: str) -> str:
    found = addresses(text)
    if len(found) != 1 or not _is_address(found[0][1]):
        raise ValueError("is not one mail address: write audit@example.com, or Audit team <audit@example.com>")
    return text


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain and text.isascii() and not domain.startswith("."))


def _as_list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else value


def _port(number: int) -> int:
    if not 1 <= number <= 65_535:
        raise ValueError("is no port: write a number from 1 to 65535, or take the line out")
    return number


def _host(text: str) -> str:
    if not all(part.replace("-", "").isalnum() for part in text.split(".")) and not _is_ip(text):
        raise ValueError("is not a host: write a name such as smtp.example.com, without a port and without ://")
    return text


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


Address = Annotated[Text, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_as_list)]


class Smtp(Strict):
    """A mail server that takes the letter. ``sender`` is written ``from``; ``ca_bundle`` is a file that exists.

    ``attach_budget`` is how large a letter may become, in bytes as they are sent (a file grows by a third on its way).
    """

    host: Annotated[Text, AfterValidator(_host)]
    port: Annotated[int, AfterValidator(_port)] | None = None
    security: Security = Security.STARTTLS
    ca_bundle: Path | None = None
    username: Text | None = None
    password: SecretStr | None = None
    sender: Annotated[Address, Field(alias="from")]
    to: Annotated[Addresses, Field(min_length=1)]
    cc: Addresses = ()
    reply_to: Address | None = None
    when: Annotated[tuple[When, ...], BeforeValidator(_as_list), Field(min_length=1)] = (When.ALWAYS,)
    attach: Annotated[tuple[Literal["html", "xlsx"], ...], BeforeValidator(_as_list)] = ("html", "xlsx")
    attach_budget: Size = 10_000_000

    @property
    def at(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or PORTS[self.security]

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address, each once."""
        return tuple(dict.fromkeys(addresses(each)[0][1] for each in (*self.to, *self.cc)))


def is_loopback(host: str) -> bool:
    """Whether what is sent to ``host`` stays on this machine."""
    return ip_address(host).is_loopback if _is_ip(host) else host.lower() == "localhost"


class WayOut(Strict):
    """One way out of ``deliver``, named by its key."""

    smtp: Smtp
