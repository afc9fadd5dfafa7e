"""Whether the mail servers of the configuration can be reached and take the password: no mail is sent."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.deliver.smtp import check
from auditor.model.checkup import Endpoint
from auditor.model.delivery import WayOut

_CLOSE = "Compare deliver in the configuration with what the mail server asks for; nothing was sent."


def mail_servers(ways: Sequence[WayOut]) -> tuple[Endpoint, ...]:
    """Each server that letters go to, with the reason where none could be handed over now."""
    return tuple(
        Endpoint("smtp", f"smtp://{host}:{port}", reason, _CLOSE if reason else None)
        for way in ways
        for host, port in [way.smtp.at]
        for reason in [check(way.smtp)]
    )
