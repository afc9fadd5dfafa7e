"""EXT-001 to EXT-003, any extension that supports automatic upgrade: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import AgentView, ArcExtensionSpec, Caller, CallerKind, ExtensionSpec, Fault
from tests.rules.answers import (
    LATEST,
    WAYS,
    Case,
    Judged,
    agent,
    ago,
    arc,
    arc_agent,
    case,
    everywhere,
    failed,
    instance,
    judge_estate,
    power,
    ran,
    scale_set,
    wrote,
)

PACK = ("EXT-001", "EXT-002", "EXT-003")
ON = {"rules": {rule: {"enabled": True} for rule in PACK}}
PASS, NOT_KNOWN, STOPPED = ("pass", "as_expected"), ("unanswered", "not_known"), ("not_applicable", "stopped")
DISABLED, UNSET, BEHIND_MODEL = ("fail", "disabled"), ("fail", "unset"), ("fail", "behind_model")
ON_MODEL, MANAGED = ("not_applicable", "judged_on_model"), ("not_applicable", "managed")
OVERDUE, NOT_UPGRADING = ("fail", "upgrade_overdue"), ("fail", "behind_and_not_upgrading")
BROKEN, UNRESOLVED, RETRIED = ("fail", "broken"), ("fail", "unresolved"), ("fail", "retried")

VAULT = ("Microsoft.Azure.KeyVault", "KeyVaultForLinux")
OWN = ("Contoso.Tools", "Watcher")
SCRIPT = ("Microsoft.Azure.Extensions", "CustomScript")
SERVED = ("3.0", "3.1", "3.2", "3.3", "3.4.1")
OFFERS = {"*": {**everywhere(), VAULT: SERVED, OWN: ("1.0", "1.1")}, "bare": everywhere()}
NEWEST, OLD = "3.4.1", "3.0"


def vault(installed: str | None = NEWEST, auto_upgrade: bool | None = True, **more: Any) -> ExtensionSpec:
    return ExtensionSpec("vault", *VAULT, installed=installed, auto_upgrade=auto_upgrade, **more)


def of(pair: tuple[str, str], installed: str | None, auto_upgrade: bool | None) -> ExtensionSpec:
    return ExtensionSpec("other", *pair, installed=installed, auto_upgrade=auto_upgrade)


def on_arc(pair: tuple[str, str], version: str, auto_upgrade: bool | None) -> ArcExtensionSpec:
    return ArcExtensionSpec("other", *pair, version=version, installed=version, auto_upgrade=auto_upgrade)


def told(*verdicts: Any) -> Any:
    """What EXT-001, EXT-002 and EXT-003 say in turn, () where a rule says nothing."""
    return verdicts


PLATFORM = Caller(CallerKind.SERVICE, "77777777-7777-4777-a777-777777777777")
"""Whoever upgrades automatically: a later success of its own proves nothing."""
BOOM = failed(ago(days=5), extension="vault")
SILENT: tuple[()] = ()
LISTED = ("Microsoft.Azure.Security", "IaaSAntimalware")
"""Supports automatic upgrade on Arc-enabled servers alone, as far as the table says."""

CASES = (
    case("as it should be", told(PASS, PASS, PASS), vault()),
    case("off", told(DISABLED, PASS, PASS), vault(auto_upgrade=False)),
    case("not set", told(UNSET, PASS, PASS), vault(auto_upgrade=None)),
    case("of another case", told(DISABLED, PASS, PASS),
         ExtensionSpec("v", VAULT[0].upper(), VAULT[1].lower(), installed=NEWEST, auto_upgrade=False)),
    case("two behind", told(PASS, PASS, PASS), vault("3.2")),
    case("four behind", told(PASS, OVERDUE, PASS), vault(OLD)),
    case("four behind and off", told(DISABLED, NOT_UPGRADING, PASS), vault(OLD, auto_upgrade=False)),
    case("updating", told(PASS, ("pending", "being_installed"), PASS), vault(OLD, provisioning_state="Updating")),
    case("nothing shown", told(PASS, NOT_KNOWN, PASS), vault(None), agent=AgentView.UNKNOWN),
    case("a region without it", told(PASS, NOT_KNOWN, PASS), vault(), location="bare"),
    case("deallocated long ago", told(PASS, STOPPED, PASS), vault(OLD), power="deallocated"),
    case("failed", told(PASS, PASS, UNRESOLVED), vault("3.3"), operations=(BOOM,)),
    case("failed and provisioning failed", told(PASS, PASS, BROKEN), vault("3.3", provisioning_state="Failed"),
         operations=(BOOM,)),
    case("failed and the newest since", told(PASS, PASS, PASS), vault(),
         operations=(BOOM, wrote(ago(days=4), extension="vault"))),
    case("failed and an old one since", told(PASS, PASS, RETRIED), vault("3.3"),
         operations=(BOOM, wrote(ago(days=4), extension="vault", caller=PLATFORM))),
    # Heartbeats are the monitor agent's: they say nothing of another extension's version, health or failure.
    case("failed and the agent is heard", told(PASS, PASS, UNRESOLVED), agent(), vault("3.3"), operations=(BOOM,),
         stays=(ran(LATEST, ago(days=9)),)),
    # The table does not list it: where it is on, it supports it all the same.
    case("unlisted and on", told(PASS, PASS, PASS), of(OWN, "1.0", True)),
    case("unlisted and off", told(SILENT, SILENT, SILENT), of(OWN, "1.0", False)),
    case("unlisted and not set", told(SILENT, SILENT, SILENT), of(SCRIPT, "2.0", None)),
    case("listed for arc alone", told(SILENT, SILENT, SILENT), of(LISTED, "1.0", None)),
    # The monitor agent is left to AMA-001 to AMA-003.
    case("the monitor agent", told(SILENT, SILENT, SILENT), agent("1.30.3", auto_upgrade=False)),
    case("without extensions", told(SILENT, SILENT, SILENT)),
    scale_set("set", told((PASS, PASS, BEHIND_MODEL), (PASS, NOT_UPGRADING), (PASS, PASS, PASS)), vault(None),
              instance(vault()), instance(vault(OLD, auto_upgrade=None), follows=False)),
    scale_set("set off", told((DISABLED, ON_MODEL), (NOT_UPGRADING,), (PASS, PASS)), vault(None, auto_upgrade=False),
              instance(vault(OLD, auto_upgrade=False))),
    scale_set("set without it", told(UNSET, PASS, PASS), None, instance(vault(auto_upgrade=None))),
    case("flexible", told(DISABLED, PASS, PASS), vault(auto_upgrade=False), scale_set="set-flexible"),
    scale_set("set flexible", told(PASS, SILENT, PASS), vault(None), orchestration="Flexible"),
    arc("arc", told(PASS, PASS, PASS), on_arc(VAULT, NEWEST, True)),
    arc("arc off and old", told(DISABLED, NOT_UPGRADING, PASS), on_arc(VAULT, OLD, False)),
    # Where Azure does not say, only the table tells that it can be upgraded: whether it is on is not known.
    arc("arc unsaid", told(NOT_KNOWN, ("fail", "behind"), PASS), on_arc(VAULT, OLD, None)),
    arc("arc unlisted and unsaid", told(NOT_KNOWN, NOT_KNOWN, NOT_KNOWN), on_arc(SCRIPT, "2.0", None)),
    arc("arc unlisted and off", told(SILENT, SILENT, SILENT), on_arc(SCRIPT, "2.0", False)),
    arc("arc listed for arc", told(DISABLED, NOT_KNOWN, PASS), on_arc(LISTED, "1.0", False)),
    arc("arc monitor agent", told(SILENT, SILENT, SILENT), arc_agent("1.30.3", auto_upgrade=False)),
    case("node", told(MANAGED, MANAGED, MANAGED), vault(OLD, auto_upgrade=False), tags={"aks-managed-poolName": "p"}),
)  # fmt: skip


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder, way = tmp_path_factory.mktemp("EXT"), request.param
    return judge_estate(folder, CASES, offers=OFFERS, beats=True, config=ON, way=way)


def expected(each: Case, rule: str) -> tuple[Any, ...]:
    verdicts: Any = each.expected[PACK.index(rule)]
    return () if not verdicts else verdicts if isinstance(verdicts[0], tuple) else (verdicts,)


@pytest.mark.parametrize("rule", PACK)
@pytest.mark.parametrize("each", CASES, ids=str)
def test_the_verdict_on(judged: Judged, each: Case, rule: str) -> None:
    assert judged.verdicts(rule, each) == expected(each, rule)


@pytest.mark.parametrize("rule", PACK)
def test_there_is_one_verdict_for_each_extension_that_it_speaks_of(judged: Judged, rule: str) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(rule)]) == sum(len(expected(each, rule)) for each in CASES)


def test_nothing_of_it_is_judged_unless_it_is_switched_on(tmp_path: Path) -> None:
    judged = judge_estate(tmp_path, CASES[:6], offers=OFFERS)

    assert not judged.frames["verdicts"]["rule_id"].str.startswith("EXT").any()
    asked = judged.frames["readings"]
    assert asked[asked["scope"].str.contains("keyvault")].empty
    assert asked[asked["source"].eq("instance_view")].empty, "no machine has the agent, and nothing else needs a view"


def test_only_machines_with_such_an_extension_are_asked_by_themselves(tmp_path: Path) -> None:
    cases = (
        case("with it", None, vault(), stays=(ran(LATEST, ago(days=9)),)),
        case("with the agent heard", None, agent(), stays=(ran(LATEST, ago(days=9)),)),
        case("with a script", None, of(SCRIPT, "2.0", None)),
    )

    judged = judge_estate(tmp_path, cases, offers=OFFERS, beats=True, config=ON)

    asked = judged.frames["readings"].query("source == 'instance_view'")["scope"]
    assert set(asked.str.rpartition("/")[2]) == {"with-it"}


REFUSED = {"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}


@pytest.mark.parametrize(
    ("fault", "way", "verdicts"),
    [
        (r"expand=instanceView", "auto", (PASS, NOT_KNOWN, PASS)),
        (r"expand=instanceView", "compute", (("unanswered", "extensions_not_read"),) * 3),
        (r"/locations/.*keyvault", "auto", (PASS, NOT_KNOWN, PASS)),
        (r"/locations/.*keyvault", "compute", (PASS, NOT_KNOWN, PASS)),
        (r"/eventtypes/management/", "auto", (PASS, PASS, NOT_KNOWN)),
        # Which extensions there are is asked in one question; without it, they are known when they have been read.
        (r"ResourceGraph", "auto", (PASS, PASS, PASS)),
    ],
)
def test_with_a_source_refused_nothing_passes_that_rests_on_it(
    tmp_path: Path, fault: str, way: str, verdicts: Any
) -> None:
    [refused] = cases = (case("refused", None, vault()),)

    judged = judge_estate(tmp_path, cases, Fault(fault, **REFUSED), offers=OFFERS, config=ON, way=way)

    assert [judged.verdicts(rule, refused) for rule in PACK] == [(each,) for each in verdicts]


def test_the_number_of_releases_can_be_changed(tmp_path: Path) -> None:
    [two] = cases = (case("two behind", None, vault("3.2")),)
    strict = {"rules": {"EXT-002": {"enabled": True, "params": {"releases": 1}}}}

    judged = judge_estate(tmp_path, cases, offers=OFFERS, config=strict)

    assert judged.verdicts("EXT-002", two) == (("pending", "rolling_out"),)
    assert judged.verdicts("EXT-001", two) == (), "the others stay as they were"


def test_a_stopped_machine_is_judged_for_its_setting_all_the_same(tmp_path: Path) -> None:
    yesterday = (power(ago(days=1), "deallocate"),)
    [stopped] = cases = (
        case("stopped", None, vault(OLD, auto_upgrade=False), power="deallocated", operations=yesterday),
    )

    judged = judge_estate(tmp_path, cases, offers=OFFERS, config=ON)

    assert [judged.verdicts(rule, stopped) for rule in PACK] == [(DISABLED,), (NOT_KNOWN,), (PASS,)]
