"""The configuration file as a whole: what it may say, and what is told where it is wrong.

Its sections have modules of their own.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.errors import ExitCode, SettingsRefused
from auditor.model.reading import Source
from auditor.model.settings import Cloud, Settings
from auditor.settle import settle
from tests.unit.settle.desk import ID, Desk


@pytest.mark.parametrize("config", [None, "", "{}", "# nothing\n", "azure:\nscope:\n  subscriptions:\n"])
def test_nothing_written_means_all_defaults(desk: Desk, config: str | None) -> None:
    settings = desk.settle(config).settings
    assert settings == Settings()
    assert settings.sources.lookback == timedelta(days=14)
    assert (settings.sources.rollout.vm, settings.sources.rollout.arc) == (timedelta(days=60), timedelta(days=56))


def test_everything_that_is_built_can_be_written(desk: Desk) -> None:
    desk.write("certs/ca.pem", "certificates")
    desk.write("exemptions.yaml", "[]")
    settled = desk.settle(
        f"""\
        azure:
          cloud: custom
          endpoints:
            resource_manager: https://127.0.0.1:8443/
            log_analytics: https://127.0.0.1:8443
            authority: https://127.0.0.1:8443
          ca_bundle: certs/ca.pem
          credential: token
          token: ${{AUDITOR_ACCESS_TOKEN}}
        scope:
          subscriptions: [{ID.upper()}, {ID}]
          management_groups: [root, "Prod-1_a.(x)", {ID}, root]
          managed_machines: judged
          accepted_gaps:
            - {{scope: {ID}, source: any, owner: Ann, reason: Refused, until: 2026-12-31}}
            - {{scope: japaneast, source: arc_extension_versions, owner: Ann, reason: Refused, until: "2026-12-31"}}
        sources:
          inventory: compute
          lookback: 89d
          rollout: {{vm: 36h}}
          release_table:
            - {{type: AzureMonitorLinuxAgent, month: 2025-11, versions: ["1.39.x", 1.39.1]}}
          heartbeats: {{workspaces: [{ID}], window: 7d}}
        exemptions: exemptions.yaml
        report: {{title: "Agents of ${{COMPANY}}", time_zone: Asia/Tokyo}}
        workers: {{kind: local}}
        """,
        environ={"AUDITOR_ACCESS_TOKEN": "a-token-for-tests", "COMPANY": "Contoso"},
    )
    azure, scope, sources = settled.settings.azure, settled.settings.scope, settled.settings.sources
    assert azure.cloud is Cloud.CUSTOM
    assert azure.endpoints is not None
    assert azure.endpoints.resource_manager == "https://127.0.0.1:8443"
    assert azure.ca_bundle == Path("certs/ca.pem")
    assert azure.token is not None
    assert azure.token.get_secret_value() == "a-token-for-tests"
    assert scope.subscriptions == (ID,)
    assert (scope.management_groups, scope.managed_machines) == (("root", "Prod-1_a.(x)", ID), "judged")
    assert sources.inventory == "compute"
    assert [(gap.source, gap.until) for gap in scope.accepted_gaps] == [
        ("any", date(2026, 12, 31)),
        (Source.ARC_EXTENSION_VERSIONS, date(2026, 12, 31)),
    ]
    assert (sources.lookback, sources.rollout.vm) == (timedelta(days=89), timedelta(hours=36))
    assert (sources.heartbeats.workspaces, sources.heartbeats.window) == ((ID,), timedelta(days=7))
    assert settled.rulebook.releases[-1].month == date(2025, 11, 1)
    assert settled.rulebook.releases[-1].versions == ("1.39.x", "1.39.1")
    assert settled.settings.report.title == "Agents of Contoso"


def test_files_are_looked_for_beside_the_configuration(desk: Desk) -> None:
    desk.write("night/ca.pem", "certificates")
    config = desk.write("night/config.yaml", "azure: {ca_bundle: ca.pem}\n")
    assert settle(config, environ={}).settings.azure.ca_bundle == Path("night/ca.pem")


def test_a_missing_configuration_is_told_in_one_sentence(desk: Desk) -> None:
    with pytest.raises(SettingsRefused) as refused:
        settle(Path("nowhere.yaml"), environ={})
    assert str(refused.value) == (
        "nowhere.yaml: there is no such configuration file: name one with --config FILE; config.example.yaml explains "
        "every setting, and an empty file is enough to begin with"
    )
    assert refused.value.exit_code is ExitCode.SETTINGS_REFUSED


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "sources:\n  lookback: 14d\n  lookback: 30d\n",
            "config.yaml:3: sources.lookback: is written twice, first on line 2: keep one of the two",
        ),
        ("source: {}\n", "config.yaml:1: source: there is no such setting; did you mean 'sources'?"),
        (
            "report:\n  titel: dark\n",
            "config.yaml:2: report.titel: there is no such setting; did you mean 'title'?",
        ),
        (
            "workers: {x: 1}\n",
            "config.yaml:1: workers.x: there is no such setting; there are: kind",
        ),
        (
            "report:\n  title: 1.30\n",
            'config.yaml:2: report.title: 1.30 is no text to YAML: write it in quotes, "1.30"',
        ),
        (
            "report:\n  title: [a]\n",
            "config.yaml:2: report.title: a text is meant, not a list and not settings",
        ),
        (
            f"scope:\n  subscriptions: {ID}\n",
            "config.yaml:2: scope.subscriptions: a list is meant: write [one, two], or a line '- one' for each",
        ),
        (
            "- azure\n",
            (
                "config.yaml:1: settings are meant here: write lines such as 'azure: ...' below it; there are: azure, "
                "scope, sources, rules, exemptions, report, archive, schedule, deliver, time_budget, workers"
            ),
        ),
        (
            "azure: {cloud: publik}\n",
            "config.yaml:1: azure.cloud: 'publik' is not known here; did you mean 'public'?",
        ),
        (
            "exemptions: exemptions.yaml\n",
            (
                "config.yaml:1: exemptions: 'exemptions.yaml' is not there; it is looked for beside the configuration: "
                "write the path of a list of exemptions, which may be empty"
            ),
        ),
        (
            "report: {page_budget: 1MB}\n",
            (
                "config.yaml:1: report.page_budget: '1MB' is not a size of at least 5MB, which the page takes without "
                "a single row: write 15MB"
            ),
        ),
        (
            "report: {time_zone: Asia/Tokio}\n",
            (
                "config.yaml:1: report.time_zone: 'Asia/Tokio' is not a time zone: write an IANA name such as "
                "Asia/Tokyo, Europe/Berlin or UTC"
            ),
        ),
        (
            "rules: {AMA-002: {enabled: 'true'}}\n",
            "config.yaml:1: rules.AMA-002.enabled: true or false is meant, without quotes",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_to_do(desk: Desk, config: str, told: str) -> None:
    assert desk.told(config) == [told]


@pytest.mark.parametrize(
    ("config", "place", "instead"),
    [
        ("workers: {kind: dask}", "workers.kind", "write local"),
    ],
)
def test_what_is_not_built_says_not_yet_and_what_works_instead(
    desk: Desk, config: str, place: str, instead: str
) -> None:
    (told,) = desk.told(config)
    assert told.startswith(f"config.yaml:1: {place}: not yet: ")
    assert instead in told


@pytest.mark.parametrize(
    "config", ["deliver: []", "archive: null", "time_budget: null", "scope: {management_groups: []}"]
)
def test_what_is_not_built_may_be_written_empty(desk: Desk, config: str) -> None:
    assert desk.settle(config).settings == Settings()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("sources: {inventory: graph}", "sources.inventory: 'graph' is not known here"),
        ("scope: {managed_machines: exempt}", "scope.managed_machines: 'exempt' is not known here"),
    ],
)
def test_another_word_is_refused(desk: Desk, config: str, told: str) -> None:
    (line,) = desk.told(config)
    assert line.startswith(f"config.yaml:1: {told}")
