"""A letter, and a post office that sends it over a real mail server and waits for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditor.deliver import Beside, Outbox, PostOffice
from auditor.model.delivery import Smtp, WayOut, When
from auditor.model.letter import Envelope
from auditor.model.posted import Posted
from auditor.model.shelf import Shelf
from tests.mailbox import PASSWORD, USER, Authority, MailServer

RUN = "20261122T030017Z-1f3a5b7d"
ENVELOPE = Envelope(
    run_id=RUN,
    subject="3 new failures, 41 still, 7 fixed; 1 subscription could not be read - 監査 of agents",
    occasions=frozenset({When.ALWAYS, When.FAILURES}),
    beside="It lies beside this letter: report.html report.xlsx",
    attached="It is attached: {files}",
    left_off="Not attached, over our limit: {files}",
    too_large="Not attached, the server refused it: {files}",
    elsewhere="It lies where the audit runs.",
)
ANN, BOB = "ann@example.com", "bob@example.com"


class Asked:
    """Takes the place of sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Sender:
    """A letter in an output folder, and a post office with one way out to Ann and Bob."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pause = folder / "report", Asked()
        self.beside = folder / "report.outbox"
        self.folder.mkdir()
        picture = '<img src="data:image/png;base64,aGVsbG8=" alt="bars">'
        page = f"<!DOCTYPE html><html><body><p>{ENVELOPE.beside}</p>{picture}</body></html>"
        (self.folder / "letter.html").write_text(page)
        (self.folder / "letter.txt").write_text(f"サーバー\n{ENVELOPE.beside}\n")
        (self.folder / "report.html").write_text("<html>頁 page</html>" * 1000)
        (self.folder / "report.xlsx").write_bytes(b"PK" * 20_000)

    def office(self, *servers: MailServer, archive: Shelf | None = None, **changes: Any) -> PostOffice:
        """One way out for each of the servers."""
        ways = [WayOut(smtp=smtp(server, **changes)) for server in servers]
        return PostOffice(ways, Outbox(Beside(self.beside), archive), self.pause)

    def send(self, server: MailServer, **changes: Any) -> Posted:
        """Put the letter into the outbox, and empty it, as the end of a night does."""
        return ended(self.office(server, **changes), self.folder)

    def send_kept(self, server: MailServer, **changes: Any) -> Posted:
        """What the beginning of the next night does."""
        office = self.office(server, **changes)
        office.empty(tries=1)
        office.finished()
        return office.posted

    @property
    def kept(self) -> list[str]:
        """The letters beside the output folder."""
        return sorted(each.stem for each in self.beside.glob("*.zip"))


def ended(office: PostOffice, folder: Path, envelope: Envelope = ENVELOPE) -> Posted:
    """The end of a night."""
    office.put(folder, envelope)
    office.empty()
    office.finished()
    return office.posted


def smtp(server: MailServer, **changes: Any) -> Smtp:
    told = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "from": "Agent Audit 監査 <audit@example.com>",
        "to": [f"Ann Ünal <{ANN}>"],
        "cc": [BOB],
        "reply_to": "helpdesk@example.com",
    }
    return Smtp.model_validate({**told, **changes}, strict=False)


def signed(authority: Authority, password: str = PASSWORD) -> dict[str, Any]:
    return {"security": "starttls", "ca_bundle": authority.bundle, "username": USER, "password": password}


def told(posted: Posted) -> list[tuple[str, bool, int | None, int]]:
    return [(each.recipient, each.accepted, each.code, each.tries) for each in posted.receipts]
