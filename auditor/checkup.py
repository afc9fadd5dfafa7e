"""One checkup, from beginning to end: read :func:`checkup`. It asks small questions only, and judges nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from auditor.cloud import Cloud
from auditor.collect import clocks
from auditor.collect.checkup.answers import subscriptions_of, told_gaps, tried_of
from auditor.collect.checkup.probe import Probed, probe
from auditor.collect.checkup.reach import reach
from auditor.collect.checkup.sign_in import SignedIn, sign_in
from auditor.collect.pacing import Pace
from auditor.collect.session import BRIEF, Session
from auditor.deliver import mail_servers
from auditor.model.asked import asked_tonight
from auditor.model.checkup import Checkup, Endpoint, Gap
from auditor.model.narration import Narrator
from auditor.model.reading import Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings
from auditor.stores.checkup import try_archive


def checkup(
    settings: Settings,
    rulebook: RuleBook,
    narrator: Narrator,
    as_of: datetime,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Checkup:
    """Reach the cloud, sign in, ask each source a little, and say what that means.

    What fails on the way is told, and ends the checkup where nothing can follow; raises SettingsRefused alone.
    """
    cloud = Cloud(settings.azure)
    found = _reached(cloud, settings, rulebook)
    narrator.stage("reach", f"{sum(each.reason is None for each in found.endpoints)} of {len(found.endpoints)}")
    if any(each.reason for each in found.endpoints if each.name in ("resource_manager", "authority")):
        return found
    signed = sign_in(cloud, settings.azure)
    narrator.stage("sign in", "nobody" if signed.fault else f"by {settings.azure.credential}")
    found = replace(found, identity=signed.identity, gaps=(*found.gaps, *_unsigned(signed)))
    if signed.fault:
        return found
    asked = asked_tonight(settings, rulebook)
    if any(each.reason for each in found.endpoints if each.name == "log_analytics"):
        asked -= {Source.HEARTBEATS}
    compared = clocks.Clocks()
    open_session = partial(Session, cloud, narrator, pause=pause, retries=BRIEF, clocks=compared)
    probed = _probed(open_session, settings, rulebook, as_of, asked)
    narrator.stage("ask", f"{len(asked)} sources, {len(probed.readable)} subscriptions")
    found = replace(found, clock_ahead_s=_seconds(compared.ahead), gaps=(*found.gaps, *_unset(compared)))
    return _concluded(found, probed, settings, as_of, asked)


def _reached(cloud: Cloud, settings: Settings, rulebook: RuleBook) -> Checkup:
    rules = tuple(rule.id for rule in rulebook.rules if rule.enabled)
    endpoints = reach(cloud, settings)
    archive = try_archive(settings)
    others = (*((archive,) if archive else ()), *mail_servers(settings.deliver))
    silent = (Gap((each.name,), (each.url,), each.reason, each.close or "") for each in others if each.reason)
    return Checkup(rules, cloud.unsigned(), (*endpoints, *others), gaps=(*_unreached(endpoints), *silent))


def _probed(
    open_session: partial[Session],
    settings: Settings,
    rulebook: RuleBook,
    as_of: datetime,
    asked: frozenset[Source],
) -> Probed:
    pace = Pace(pause=open_session.keywords["pause"])
    whole, brief = open_session(pace=pace), open_session(pace=pace, first_page_only=True)
    try:
        return probe(whole, brief, settings, rulebook, as_of, asked)
    finally:
        whole.close()
        brief.close()


def _concluded(
    found: Checkup, probed: Probed, settings: Settings, as_of: datetime, asked: frozenset[Source]
) -> Checkup:
    inventory, today = settings.sources.inventory, as_of.date()
    return replace(
        found,
        subscriptions=subscriptions_of(probed, settings.scope),
        tried=tried_of(probed, asked, inventory),
        gaps=(*found.gaps, *told_gaps(probed, settings.scope, inventory, today)),
        rights_asked=len(probed.chosen),
        sampled=len(probed.sampled),
    )


def _unreached(endpoints: Iterable[Endpoint]) -> Iterable[Gap]:
    """One gap for all endpoints that fail alike."""
    alike: dict[tuple[str, str], dict[str, None]] = {}
    for each in endpoints:
        if each.reason:
            alike.setdefault((each.reason, each.close or ""), {})[each.url] = None
    for (reason, close), urls in alike.items():
        yield Gap(("endpoints",), tuple(urls), reason, close)


def _unsigned(signed: SignedIn) -> Iterable[Gap]:
    if signed.fault:
        yield Gap(("identity",), (), signed.fault.reason, signed.fault.close, attempts=signed.attempts)


def _unset(compared: clocks.Clocks) -> Iterable[Gap]:
    if compared.complaint:
        yield Gap(("clock",), (), clocks.WRONG.format(what=compared.complaint), clocks.SET)


def _seconds(ahead: timedelta | None) -> float | None:
    return None if ahead is None else ahead.total_seconds()
