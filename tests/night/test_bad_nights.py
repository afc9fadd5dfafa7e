"""What befalls machines at night: tokens that end, disks that fill, archives that vanish, clocks that jump.

Each with a real cause where there is one: what is said, which exit code, and that the next night recovers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault, HandMadeEstate, Simulator, StaySpec
from auditor.simulator.weather import EXPIRED, EXPIRED_HEADERS
from tests.mailbox import MailServer, serving
from tests.night.happenings import Happenings
from tests.night.parts import (
    FIRST,
    IN_BULK,
    LATEST,
    NOW,
    SECOND,
    STRANGER,
    Audited,
    Bench,
    estate,
    machine,
    refusal,
    subscription,
)

DAY = timedelta(days=1)
SECRET = {
    "azure": {
        "credential": "client_secret",
        "tenant_id": STRANGER,
        "client_id": FIRST,
        "client_secret": "${AUDITOR_ACCESS_TOKEN}",
        "token": None,
    }
}
"""Who can get another token."""
HEARD = (StaySpec(LATEST, NOW.replace(day=1)),)


def fleet() -> HandMadeEstate:
    return estate(
        subscription(FIRST, *(machine(f"web-{number}", stays=HEARD) for number in range(1, 4))),
        subscription(SECOND, machine("db-1", stays=HEARD)),
        beats=True,
    )


# --- a token that expires in the run ---


@pytest.mark.parametrize(
    ("inventory", "request_"),
    [
        ("auto", "/eventtypes/management/values"),
        ("auto", "ResourceGraph/resources"),
        ("compute", "/virtualMachines/[^/]+.*expand=instanceView"),
    ],
)
def test_a_token_that_expires_in_the_run_is_renewed_and_nothing_is_missing(
    bench: Bench, inventory: str, request_: str
) -> None:
    azure, sky = simulated(bench)
    sky.at(request_, azure.expire_tokens)

    audited = bench.night(bench.config(azure, {**SECRET, "sources": {"inventory": inventory}}), azure)

    assert sky.awaited == 0
    assert (audited.code, audited.gaps()) == (ExitCode.DELIVERED, [])
    assert audited.requests["token"] < 12, "not one for each question"
    assert sum(each["retried"] for each in audited.run["requests"].values()) >= 1, "what is asked again is counted"


def test_so_is_the_token_of_log_analytics(bench: Bench) -> None:
    azure, _sky = simulated(bench, replace(ENDED, path="/v1/workspaces/", times=1))

    audited = bench.night(bench.config(azure, SECRET), azure)

    assert (audited.code, audited.gaps()) == (ExitCode.DELIVERED, [])
    assert audited.run["requests"]["heartbeats"]["retried"] == 1


def test_a_token_that_cannot_be_renewed_leaves_gaps_that_say_so(bench: Bench) -> None:
    """One that somebody brought: what was read before it ended is judged, the rest is not known."""
    azure, sky = simulated(bench)
    sky.at(rf"/subscriptions/{SECOND}/.*/eventtypes/management/values", azure.expire_tokens)

    audited = bench.night(bench.config(azure, IN_BULK), azure, threads=1)

    assert audited.code == ExitCode.INCOMPLETE
    told = {(gap["reason"].split(" (")[0], gap["close"].split(":")[0]) for gap in audited.gaps()}
    assert told == {("The access token was refused", "Sign in again, or bring a fresh token")}
    assert audited.statuses("AMA-001") == {"pass": 4}
    assert {(name, status) for name, status, _code in audited.verdicts("AMA-003")} >= {("db-1", "unanswered")}
    assert not [each for each in audited.findings if each["status"] == "fail"]


def test_one_that_is_refused_right_after_it_was_renewed_is_not_renewed_for_ever(bench: Bench) -> None:
    azure, _sky = simulated(bench, replace(ENDED, path="/eventtypes/management/values"))

    audited = bench.night(bench.config(azure, SECRET), azure)

    assert audited.code == ExitCode.INCOMPLETE
    assert {gap["source"] for gap in audited.gaps()} == {"activity_log"}
    assert audited.requests["activity_log"] <= 4, "each of two questions once more at the most"


def test_tokens_that_hold_for_seconds_do(bench: Bench) -> None:
    """azure-core asks for another before each request then; so may the service that gives them."""
    azure, _sky = simulated(bench, Fault("/oauth2/v2.0/token", amend={"expires_in": 2, "ext_expires_in": 2}))

    audited = bench.night(bench.config(azure, SECRET), azure)

    assert (audited.code, audited.gaps()) == (ExitCode.DELIVERED, [])


# --- an archive that vanishes ---


def test_an_archive_that_vanishes_in_the_night_costs_the_keeping_alone(bench: Bench) -> None:
    """And nobody brings it back before the next night, which is compared with the last one that was kept."""
    azure, sky = simulated(bench)
    archive, away = bench.folder / "archive", bench.folder / "away"
    bench.nights = repeat(1)
    with serving(MailServer()) as mail:
        smtp = {
            "host": "127.0.0.1",
            "port": mail.port,
            "security": "none",
            "from": "a@example.com",
            "to": "b@example.com",
        }
        config = bench.config(azure, {"archive": {"url": "file:./archive"}, "deliver": [{"smtp": smtp}]})
        nights = [told_by(bench.night(config, azure, as_of=NOW - 2 * DAY))]
        sky.at("/virtualMachines/.*expand=instanceView", lambda: archive.rename(away))
        nights.append(told_by(bench.night(config, azure, as_of=NOW - DAY)))
        assert not archive.exists(), "nothing was begun in its place"
        away.rename(archive)
        nights.append(told_by(bench.night(config, azure)))

    (first, second, third), runs = nights, [each.run["run_id"] for each in nights]
    assert [each.code for each in nights] == [0, ExitCode.NOT_DELIVERED, 0]
    told = dict(second.told.stages)["remember"]
    assert "was there when the night began, and is not any more. Bring the folder" in told
    assert third.run["changes"]["since"] == first.run["as_of"]
    assert sorted(each.name for each in (archive / "nights").iterdir()) == [runs[0], runs[2]]
    assert [each["Message-ID"] for each in mail.mails] == [f"<{each}-0@example.com>" for each in runs]
    lying = {each.relative_to(archive).parts[0] for each in archive.rglob("*") if each.is_file()}
    assert lying == {".lock", "index.html", "nights"}, "nothing waits any more"
    assert not list(bench.folder.glob("*.outbox"))


def told_by(night: Audited) -> Audited:
    """The night with its run.json read, before the next one puts its own in that place."""
    assert night.run
    return night


def test_an_archive_that_vanished_between_two_nights_is_missed(bench: Bench) -> None:
    """What lies in its place is empty: a mount point whose disk is away. The former report knows better."""
    azure, _sky = simulated(bench)
    config = bench.config(azure, {"archive": {"url": "file:./archive"}})
    bench.nights = repeat(1)
    first = bench.night(config, azure, as_of=NOW - DAY)
    assert first.run["changes"]["passed_over"] == [], "there is a first night for everybody"
    (bench.folder / "archive").rename(bench.folder / "away")
    (bench.folder / "archive").mkdir()

    second = bench.night(config, azure)

    assert second.run["changes"]["since"] is None
    (told,) = second.run["changes"]["passed_over"]
    assert told.startswith(f"The archive holds no earlier night, though run {first.run['run_id']}, whose report lies")
    assert told in dict(second.told.stages)["recall"]


# --- a clock that jumps ---


def test_a_time_to_come_again_that_has_passed_means_now(bench: Bench) -> None:
    """Retry-After may be a date, and two clocks may differ."""
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    azure, _sky = simulated(bench, Fault("/eventtypes/", status=429, headers=past, times=2))

    audited = bench.night(bench.config(azure), azure)

    assert audited.code == ExitCode.DELIVERED
    assert audited.run["requests"]["activity_log"]["throttled"] == 2
    assert max(audited.pauses.asked, default=0) < 10


def test_when_the_clocks_are_put_back_the_report_tells_which_half_past_two(bench: Bench) -> None:
    """The first is summer time, the second is not; both are compared with the night of the day before."""
    azure, _sky = simulated(bench)
    config = bench.config(azure, {"archive": {"url": "file:./archive"}, "report": {"time_zone": "Europe/Berlin"}})
    times = [datetime(2026, 10, day, hour, 30, tzinfo=UTC) for day, hour in ((24, 0), (25, 0), (25, 1))]

    nights = [bench.night(config, azure, as_of=each, formats=("html", "json")) for each in times]

    assert [each.run["changes"]["since"] for each in nights] == [None, *2 * ["2026-10-24T00:30:00Z"]]
    for night, shown in zip(nights[1:], ("02:30 CEST", "02:30 CET"), strict=True):
        assert shown in night.page_text
    listed = (bench.folder / "archive/index.html").read_text("utf-8")
    assert all(night.run["run_id"] in listed for night in nights), "in UTC, beside the local time"


ENDED = Fault("", status=401, headers=EXPIRED_HEADERS, body=refusal("ExpiredAuthenticationToken", EXPIRED)["body"])


def simulated(bench: Bench, *faults: Fault) -> tuple[Simulator, Happenings]:
    sky = Happenings(faults)
    return bench.opened(Simulator(fleet(), weather=sky)), sky
