"""Gaps of a checkup: as few as there are ways to close them, and what counts against the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime

from auditor.errors import ExitCode
from auditor.model.checkup import Checkup, Gap, gaps_of
from auditor.model.reading import Reading, Service, Source
from auditor.model.settings import AcceptedGap

AT = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = date(2026, 11, 22)
LOG, ARC_LOG = Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG


def silent(source: Source, scope: str, by: Service = Service.RESOURCE_MANAGER, reason: str = "refused") -> Reading:
    close = f"Grant it on /subscriptions/{scope}." if scope else "Grant it."
    return Reading(source, scope, False, 0, AT, status=403, reason=reason, close=close, by=by)


def gaps(*readings: Reading, accepted: tuple[AcceptedGap, ...] = (), instead: tuple[Source, ...] = ()) -> list[Gap]:
    return list(gaps_of(readings, accepted, TODAY, frozenset(instead)))


def test_what_is_closed_alike_is_one_gap_over_all_its_scopes_and_sources() -> None:
    assert gaps(silent(LOG, "a"), silent(LOG, "b"), silent(ARC_LOG, "a"), silent(ARC_LOG, "b")) == [
        Gap((LOG, ARC_LOG), ("a", "b"), "refused", "Grant it.")
    ]


def test_what_fails_elsewhere_or_for_another_reason_is_another_gap() -> None:
    assert len(gaps(silent(LOG, "a"), silent(LOG, "b", reason="expired"), silent(ARC_LOG, "b"))) == 3


def test_of_what_is_everywhere_no_scope_is_named() -> None:
    assert gaps(silent(Source.VIRTUAL_MACHINES, ""))[0].scopes == ()


def test_what_another_service_tells_is_set_aside_for_the_resource_graph_alone() -> None:
    machines = Source.VIRTUAL_MACHINES
    by_graph, by_list = silent(machines, "", Service.RESOURCE_GRAPH), silent(machines, "a")
    assert [gap.instead for gap in gaps(by_graph, by_list, instead=(machines,))] == [True, False]
    assert not gaps(by_graph)[0].instead


def test_an_accepted_gap_is_apart_from_those_that_are_not() -> None:
    written = {"scope": "A", "source": str(LOG), "owner": "me", "reason": "known", "until": "2026-11-22"}
    entry = AcceptedGap.model_validate(written)
    found = gaps(silent(LOG, "a"), silent(LOG, "b"), accepted=(entry,))
    assert [(gap.scopes, gap.accepted) for gap in found] == [(("a",), True), (("b",), False)]
    assert Checkup((), {}, (), gaps=(found[0],)).exit_code is ExitCode.DELIVERED
    assert Checkup((), {}, (), gaps=tuple(found)).exit_code is ExitCode.NOTHING_COLLECTED
