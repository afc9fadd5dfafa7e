"""AMA-003, no operation on the agent failed without being healed: from Azure's answers to the verdict."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import Caller, CallerKind, ExtensionSpec, Fault
from tests.rules.answers import (
    LATEST,
    LINUX,
    THREE_BEHIND,
    TWO_BEHIND,
    WAYS,
    Case,
    Judged,
    agent,
    ago,
    arc,
    arc_agent,
    case,
    failed,
    instance,
    judge_estate,
    power,
    ran,
    scale_set,
    wrote,
)

RULE = "AMA-003"
PASS, NOT_KNOWN, IN_PROGRESS = ("pass", "as_expected"), ("unanswered", "not_known"), ("pending", "in_progress")
BROKEN, ROLLED_BACK = ("fail", "broken"), ("fail", "rolled_back")
RETRIED, UNRESOLVED = ("fail", "retried"), ("fail", "unresolved")

OLD = TWO_BEHIND
PLATFORM = Caller(CallerKind.SERVICE, "77777777-7777-4777-a777-777777777777")
"""Whoever upgrades automatically: what the log says of it is not documented, so it is nobody that is known."""
FIVE, FOUR = ago(days=5), ago(days=4)
MINUTE = timedelta(minutes=1)
BEFORE = ran(OLD, ago(days=20), FIVE)
"""The old version, until the operation that failed began."""
ENDED = FIVE + 9 * MINUTE


def fail(**changes: Any) -> Any:
    return failed(FIVE, **{"lasts": 9 * MINUTE, "caller": PLATFORM, **changes})


def succeed(at: datetime = FOUR, **changes: Any) -> Any:
    return wrote(at, **{"caller": PLATFORM, **changes})


def history(name: str, expected: Any, *operations: Any, installed: str | None = OLD, **more: Any) -> Case:
    """A machine whose agent had these operations; ``of`` are the agent's other properties."""
    return case(name, expected, agent(installed, **more.pop("of", {})), operations=operations, **more)


UPDATING, IN_FAILURE = {"provisioning_state": "Updating"}, {"provisioning_state": "Failed"}
AT_ONCE = timedelta(seconds=2)
THROTTLED = {
    "lasts": AT_ONCE,
    "sub_status": "429",
    "error_code": "OperationNotAllowed",
    "error_message": "too many requests",
}
AWAY: dict[str, Any] = {"status": "Disconnected", "last_status_change": ago(days=5, hours=-1)}
CONFLICT = {
    "lasts": AT_ONCE,
    "sub_status": "Conflict",
    "error_code": "Conflict",
    "error_message": "another operation is in progress",
}

NO_CAPACITY = {"error_code": "AllocationFailed", "error_message": "There is not enough capacity"}


def upgrade(**changes: Any) -> Any:
    """An automatic upgrade of an Arc-enabled server's extensions that failed."""
    return fail(**{"extension": None, "action": "upgradeExtensions/action", **changes})


CASES = (
    # Nothing failed.
    history("never touched", PASS),
    history("upgraded", PASS, succeed()),
    history("failed before the window", PASS, failed(ago(days=20))),
    history("another extension failed", PASS, fail(extension="Other")),
    history("its machine did not start", PASS, power(FIVE, "start", outcome="Failed", error_code="AllocationFailed")),
    # Nothing is shown since.
    history("failed", UNRESOLVED, fail()),
    history("failed and the end shares the operation", UNRESOLVED, fail(shared_end=True)),
    history("failed and told in capitals", UNRESOLVED, fail(upper_cased=True)),
    history("failed and its beginning is not logged", UNRESOLVED, fail(begin_logged=False)),
    history("failed after much progress", UNRESOLVED, fail(accepted=5, audited=True)),
    history("canceled", UNRESOLVED, fail(outcome="Canceled")),
    history("failed while the latest is installed", UNRESOLVED, fail(), installed=LATEST),
    history("failed for an agent of another name", UNRESOLVED, fail(extension="ama_prod.1"), of={"name": "ama_prod.1"}),
    history("failed and the machine is stopped", UNRESOLVED, fail(), power="deallocated"),
    # Superseded.
    history("deleted since", PASS, fail(), succeed(action="delete")),
    history("deleted since and failed again", UNRESOLVED, fail(), succeed(action="delete"), failed(ago(days=3))),
    history("not deleted since", UNRESOLVED, fail(), succeed(action="delete", outcome="Failed")),
    history("machine made anew since", PASS, fail(), created=ago(days=3)),
    # Healed.
    history("newer version heard", PASS, fail(), installed=LATEST, stays=(BEFORE, ran(LATEST, ago(days=4)))),
    history(
        "newer version heard but not the latest",
        PASS,
        fail(),
        installed="1.37.0",
        stays=(BEFORE, ran("1.37.0", ago(days=4))),
    ),
    history("succeeded since with the latest", PASS, fail(), succeed(), installed=LATEST),
    history("succeeded since by a person", PASS, fail(), succeed(caller=Caller())),
    history(
        "throttled then begun again",
        PASS,
        fail(**THROTTLED, correlation="c"),
        succeed(FIVE + 3 * MINUTE, correlation="c"),
    ),
    history("refused for a conflict then done", PASS, fail(**CONFLICT), succeed()),
    # Retried: a success that proves nothing.
    history("succeeded since with the old one", RETRIED, fail(), succeed()),
    history(
        "succeeded since under one correlation",
        RETRIED,
        fail(correlation="d"),
        succeed(FIVE + 30 * MINUTE, correlation="d"),
    ),
    history("succeeded since with nothing shown", RETRIED, fail(), succeed(), installed=None),
    history("succeeded since by a person and is updating", RETRIED, fail(), succeed(caller=Caller()), of=UPDATING),
    history("failed on the machine told as a conflict", RETRIED, fail(sub_status="Conflict"), succeed()),
    history(
        "throttled and healed after a real failure",
        RETRIED,
        fail(),
        failed(ago(days=4), caller=PLATFORM, **THROTTLED),
        succeed(ago(days=3)),
    ),
    history("throttled and never again", UNRESOLVED, fail(**THROTTLED)),
    # Broken.
    history("provisioning failed", BROKEN, fail(), of=IN_FAILURE),
    history("silent since", BROKEN, fail(), stays=(BEFORE,)),
    history("silent since minutes after", BROKEN, fail(), stays=(ran(OLD, ago(days=20), ENDED + 4 * MINUTE),)),
    history("silent since although it succeeded", BROKEN, fail(), succeed(), stays=(BEFORE,)),
    history("silent but stopped", UNRESOLVED, fail(), stays=(BEFORE,), power="deallocated"),
    # Rolled back.
    history("reporting on with the old one", ROLLED_BACK, fail(), stays=(ran(OLD, ago(days=20)),)),
    history(
        "new for minutes then old",
        ROLLED_BACK,
        fail(),
        stays=(BEFORE, ran(LATEST, FIVE + 4 * MINUTE, FIVE + 8 * MINUTE), ran(OLD, ENDED)),
    ),
    history(
        "new for a day then old",
        ROLLED_BACK,
        fail(),
        stays=(BEFORE, ran(LATEST, FIVE, ago(days=4)), ran(OLD, ago(days=4) + MINUTE)),
    ),
    history(
        "rolled back and logged as a success",
        ROLLED_BACK,
        fail(),
        succeed(ENDED + MINUTE),
        stays=(BEFORE, ran(OLD, ENDED)),
    ),
    history(
        "an even older one", ROLLED_BACK, fail(), installed=THREE_BEHIND, stays=(BEFORE, ran(THREE_BEHIND, ago(days=4)))
    ),
    # The last failure speaks.
    history("healed and failed again", UNRESOLVED, failed(ago(days=9)), succeed(ago(days=8), caller=Caller()), fail()),
    history("failed twice and healed", PASS, failed(ago(days=9)), fail(), succeed(caller=Caller())),
    # Operations without an end.
    history("begun this morning", IN_PROGRESS, succeed(ago(hours=2), outcome=None), of=UPDATING),
    history("begun last week", NOT_KNOWN, succeed(ago(days=7), outcome=None), of=UPDATING),
    history("begun last week and failed to tell", NOT_KNOWN, succeed(ago(days=7), outcome=None), of=IN_FAILURE),
    history("begun last week and succeeded all the same", PASS, succeed(ago(days=7), outcome=None)),
    history("begun this morning and succeeded already", PASS, succeed(ago(hours=2), outcome=None)),
    history(
        "failed and begun again this morning", IN_PROGRESS, fail(), succeed(ago(hours=2), outcome=None), of=UPDATING
    ),
    history(
        "failed and begun again last week",
        BROKEN,
        failed(ago(days=9)),
        succeed(ago(days=7), outcome=None),
        of=IN_FAILURE,
    ),
    # What is not ours.
    case("without extensions", None, operations=(fail(),)),
    case("another extension", None, ExtensionSpec(LINUX, "Contoso", "Thing"), operations=(fail(),)),
    # Models of scale sets: only a later success heals. Then the verdicts on instances.
    scale_set("set", (PASS, PASS), agent(), instance(agent(OLD))),
    scale_set("set failed", (UNRESOLVED, PASS), agent(), instance(agent(OLD)), operations=(fail(),)),
    scale_set("set failed and healed", PASS, agent(), operations=(fail(), succeed())),
    scale_set("set failed and updated as a whole since", PASS, agent(), operations=(fail(), succeed(extension=None))),
    scale_set("set failed again", UNRESOLVED, agent(), operations=(failed(ago(days=9)), succeed(ago(days=8)), fail())),
    scale_set("set scaled out without success", PASS, agent(), operations=(fail(extension=None, **NO_CAPACITY),)),
    scale_set(
        "set with an instance that failed",
        (PASS, UNRESOLVED, PASS),
        agent(),
        instance(agent(OLD), operations=(fail(),)),
        instance(agent(OLD)),
    ),
    # Arc-enabled servers: an automatic upgrade is logged on the machine.
    arc("arc upgraded", PASS, arc_agent(OLD), operations=(upgrade(outcome="Succeeded", error_code=""),)),
    # Azure shows Succeeded where the old version was put back.
    arc("arc failed", ROLLED_BACK, arc_agent(OLD), operations=(upgrade(),)),
    arc("arc failed and is disconnected", UNRESOLVED, arc_agent(OLD), operations=(upgrade(),), **AWAY),
    arc("arc failed and it is not upgraded", PASS, arc_agent(OLD, auto_upgrade=False), operations=(upgrade(),)),
    arc("arc failed by hand", UNRESOLVED, arc_agent(OLD), operations=(fail(),)),
    arc("arc failed to install", BROKEN, arc_agent(OLD, provisioning_state="Failed"), operations=(upgrade(),)),
    arc(
        "arc failed and reports on with the old one",
        ROLLED_BACK,
        arc_agent(OLD),
        operations=(upgrade(),),
        stays=(ran(OLD, ago(days=20)),),
    ),
    arc(
        "arc failed and a newer version is heard",
        PASS,
        arc_agent(LATEST),
        operations=(upgrade(),),
        stays=(BEFORE, ran(LATEST, ago(days=4))),
    ),
    arc(
        "arc failed and expired since",
        ("not_applicable", "expired"),
        arc_agent(OLD),
        operations=(upgrade(),),
        status="Expired",
    ),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, beats=True, way=request.param)


def test_a_machine_that_was_not_read_is_unanswered(tmp_path: Path) -> None:
    [of] = cases = (case("not read", ("unanswered", "extensions_not_read"), agent(OLD), operations=(fail(),)),)
    unread = Fault(r"/not-read\?.*expand=instanceView", status=403, body="no")

    assert judge_estate(tmp_path, cases, unread, way="compute").verdicts(RULE, of) == of.expected


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def named(name: str) -> Case:
    return next(each for each in CASES if each.machine.name == name.replace(" ", "-"))


def test_the_failure_is_told_with_its_end_and_the_innermost_error(judged: Judged) -> None:
    row = judged.extension(named("failed"))

    assert row["last_failure_at"] == ENDED
    assert row["last_failure_error"] == "VMExtensionProvisioningError: Enable failed with exit code 51"


def test_where_nothing_failed_no_error_is_told(judged: Judged) -> None:
    row = judged.extension(named("upgraded"))

    assert (row["last_failure"], row["last_failure_at"], row["last_failure_error"]) == ("none", None, "none")


@pytest.mark.parametrize("name", ["deleted since", "machine made anew since"])
def test_what_was_made_anew_is_superseded_and_not_healed(judged: Judged, name: str) -> None:
    assert judged.extension(named(name))["last_failure"] == "superseded"


def test_without_heartbeats_nothing_is_silent_and_nothing_rolled_back(tmp_path: Path) -> None:
    """Nobody asked, so nobody knows; what Azure itself shows still tells."""
    expected = {BROKEN: UNRESOLVED, ROLLED_BACK: UNRESOLVED}
    names = ["silent since", "reporting on with the old one", "provisioning failed", "succeeded since with the latest"]
    cases = [named(name) for name in names]

    found = judge_estate(tmp_path, cases)

    told = [found.verdicts(RULE, each) for each in cases]
    assert told == [(expected[BROKEN],), (expected[ROLLED_BACK],), (BROKEN,), (PASS,)]


def test_without_the_activity_log_nothing_is_known_of_any_operation(tmp_path: Path) -> None:
    refused = Fault(r"/eventtypes/management/", status=403, body={"error": {"code": "AuthorizationFailed"}})
    cases = [each for each in CASES if each.expected and "expired" not in each.machine.name]

    found = judge_estate(tmp_path, cases, refused, beats=True)

    assert {verdict for each in cases for verdict in found.verdicts(RULE, each)} == {NOT_KNOWN}


def test_with_heartbeats_refused_a_failure_is_not_called_healed_by_what_they_would_show(tmp_path: Path) -> None:
    refused = Fault(r"/v1/workspaces/", status=403, body={"error": {"code": "InsufficientAccessError"}})
    cases = [named("newer version heard but not the latest"), named("silent since")]

    found = judge_estate(tmp_path, cases, refused, beats=True)

    assert [found.verdicts(RULE, each) for each in cases] == [(UNRESOLVED,), (UNRESOLVED,)]


@pytest.mark.parametrize(("lookback", "expected"), [("14d", PASS), ("30d", UNRESOLVED)])
def test_the_look_back_decides_which_failures_are_seen(tmp_path: Path, lookback: str, expected: Any) -> None:
    [of] = cases = (history("failed three weeks ago", None, failed(ago(days=21))),)

    found = judge_estate(tmp_path, cases, config={"sources": {"lookback": lookback}})

    assert found.verdicts(RULE, of) == (expected,)
