"""``deliver`` in the configuration: what it may say, and what is told where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model.delivery import Security, When
from tests.unit.settle.desk import Desk

WHOLE = """\
deliver:
  - smtp:
      host: smtp.example.com
      port: 2525
      security: starttls
      ca_bundle: ca.pem
      username: auditor
      password: ${MAIL_PASSWORD}
      from: "監査 Audit <audit@example.com>"
      to: ["Ann <ann@example.com>", bob@example.com, ann@example.com]
      cc: carol@example.com
      reply_to: desk@example.com
      when: [failures, incomplete]
      attach: html
      attach_budget: 5MB
"""


def told(desk: Desk, smtp: str) -> list[str]:
    """What is told of one way out beside the keys that each must have."""
    lines = desk.told(f"deliver: [{{smtp: {{host: h.example, from: a@example.com, to: b@example.com, {smtp}}}}}]")
    return [line.removeprefix("config.yaml:1: deliver[0].smtp.") for line in lines]


def test_everything_can_be_written(desk: Desk) -> None:
    desk.write("ca.pem", "certificates")
    [way] = desk.settle(WHOLE, environ={"MAIL_PASSWORD": "a-secret-for-tests"}).settings.deliver
    smtp = way.smtp

    assert (smtp.at, smtp.security, smtp.ca_bundle) == (("smtp.example.com", 2525), Security.STARTTLS, Path("ca.pem"))
    assert smtp.recipients == ("ann@example.com", "bob@example.com", "carol@example.com"), "each once"
    assert smtp.when == (When.FAILURES, When.INCOMPLETE)
    assert (smtp.attach, smtp.attach_budget) == (("html",), 5_000_000)
    assert smtp.password is not None and smtp.password.get_secret_value() == "a-secret-for-tests"
    assert "a-secret-for-tests" not in repr(smtp)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465)])
def test_each_security_has_its_usual_port(desk: Desk, security: str, port: int) -> None:
    smtp = (
        desk.settle(
            f"deliver: [{{smtp: {{host: h.example, from: a@b.example, to: c@d.example, security: {security}}}}}]"
        )
        .settings.deliver[0]
        .smtp
    )
    assert smtp.at == ("h.example", port)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", '"::1"'])
def test_without_tls_a_letter_goes_no_farther_than_this_machine(desk: Desk, host: str) -> None:
    config = f"deliver: [{{smtp: {{host: {host}, security: none, from: a@b.example, to: c@d.example}}}}]"
    assert desk.settle(config).settings.deliver[0].smtp.at[1] == 25


@pytest.mark.parametrize(
    ("smtp", "sentence"),
    [
        (
            "security: none",
            ("security: none goes with a host on loopback only: the letter and the password would travel in clear; "
            "write starttls or tls"),
        ),
        ("port: 70000", "port: 70000 is no port: write a number from 1 to 65535, or take the line out"),
        (
            "username: u",
            "password: is missing: a username needs its password, as ${NAME_OF_THE_VARIABLE}",
        ),
        (
            "username: u, password: hunter2",
            ("password: a secret does not stand in a file: put it into an environment variable and write "
            "${NAME_OF_THE_VARIABLE} here; one that was stored or shared in clear should be renewed"),
        ),
        (
            "reply_to: ann",
            "reply_to: 'ann' is not one mail address: write audit@example.com, or Audit team <audit@example.com>",
        ),
        (
            'reply_to: "a@b.example, c@d.example"',
            ("reply_to: 'a@b.example, c@d.example' is not one mail address: write audit@example.com, or Audit team "
            "<audit@example.com>"),
        ),
        ("cc: [ünal@example.com]", ("cc[0]: 'ünal@example.com' is not one mail address: write audit@example.com, or "
         "Audit team <audit@example.com>")),
        ("attach_budget: 10", "attach_budget: 10 is not a size: write a whole number and kB, MB or GB, such as 10MB"),
        ("when: sometimes", "when[0]: this is not known here; there are: always, failures, new_failures, incomplete"),
        (
            "when: new_failures",
            "when: new_failures needs an archive: without one nobody knows which are new; write failures",
        ),
        ("attach: [pdf]", "attach[0]: 'pdf' is not known here; there are: html, xlsx"),
        (
            "ca_bundle: nowhere.pem",
            ("ca_bundle: 'nowhere.pem' is not there; it is looked for beside the configuration: write the path of the "
            "certificates (PEM) that the mail server's is to be signed by"),
        ),
        (
            "timeout: 3",
            ("timeout: there is no such setting; there are: host, port, security, ca_bundle, username, password, from, "
            "to, cc, reply_to, when, attach, attach_budget"),
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_a_sentence(desk: Desk, smtp: str, sentence: str) -> None:
    assert told(desk, smtp) == [sentence]


@pytest.mark.parametrize("held", ["a@b.example\r\nBcc: victim@example.com", "a@b.example\x00", "x\u202e <a@b.example>"])
@pytest.mark.parametrize("key", ["from", "to", "cc", "reply_to", "host"])
def test_no_variable_smuggles_a_header_in(desk: Desk, key: str, held: str) -> None:
    """And what the variable held is not told."""
    keys = {"host": "h.example", "from": "a@b.example", "to": "c@d.example", key: "'${HELD}'"}
    written = ", ".join(f"{name}: {value}" for name, value in keys.items())
    [line] = desk.told(f"deliver: [{{smtp: {{{written}}}}}]", environ={"HELD": held})

    assert line.startswith(f"config.yaml:1: deliver[0].smtp.{key}")
    assert "victim" not in line


@pytest.mark.parametrize("text", ["http://reports.example", "reports", "https://a b"])
def test_a_link_is_an_address_that_people_can_open(desk: Desk, text: str) -> None:
    [line] = desk.told(f"report: {{link: '{text}'}}")
    assert "is not a link that people can open" in line
