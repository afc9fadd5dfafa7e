"""What of ``deliver`` goes together: mistakes that no single key has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.model.delivery import Security, When, is_loopback
from auditor.settle.checked import listed, mapping, value_at
from auditor.settle.located import Path


def files_of_ways_out(config: object) -> Iterator[tuple[Path, str]]:
    """The files that the ways out name, with what each of them is."""
    for place, _smtp in _smtps(config):
        yield (*place, "ca_bundle"), "the certificates (PEM) that the mail server's is to be signed by"


def ways_out(config: object) -> Iterator[tuple[Path, str]]:
    """Where, and the sentence, of everything that does not go together."""
    for place, smtp in _smtps(config):
        yield from (((*place, key), sentence) for key, sentence in _mistakes(smtp))
        wanted = smtp.get("when")
        if value_at(config, ("archive",)) is None and When.NEW_FAILURES in (wanted, *listed(wanted)):
            sentence = "new_failures needs an archive: without one nobody knows which are new; write failures"
            yield (*place, "when"), sentence


def _mistakes(smtp: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    host, security = str(smtp.get("host") or ""), smtp.get("security")
    if security == Security.NONE and host and not is_loopback(host):
        sentence = "the letter and the password would travel in clear; write starttls or tls"
        yield "security", f"none goes with a host on loopback only: {sentence}"
    if smtp.get("username") is not None and smtp.get("password") is None:
        yield "password", "is missing: a username needs its password, as ${NAME_OF_THE_VARIABLE}"
    if smtp.get("password") is not None and smtp.get("username") is None:
        yield "username", "is missing: a password needs its username; take both out where the server asks for none"
    if security == Security.NONE and smtp.get("ca_bundle") is not None:
        yield "ca_bundle", "goes with starttls and tls only: take it out"


def _smtps(config: object) -> Iterator[tuple[Path, Mapping[str, object]]]:
    for at, way in enumerate(listed(value_at(config, ("deliver",)))):
        if "smtp" in mapping(way):
            yield ("deliver", at, "smtp"), mapping(mapping(way)["smtp"])
