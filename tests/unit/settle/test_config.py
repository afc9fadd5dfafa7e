"""The configuration file: what it may say, and what is told where it is wrong."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.errors import ExitCode, SettingsRefused
from auditor.model.archive import ArchiveSettings
from auditor.model.delivery import Smtp
from auditor.model.reading import Source
from auditor.model.schedule import Schedule
from auditor.model.settings import CREDENTIAL_KEYS, Cloud, Credential, Settings
from auditor.settle import settle
from tests.unit.settle.desk import Desk

ID = "12345678-9abc-def0-1234-56789abcdef0"


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
            "scope:\n  subscriptions:\n    - prod\n",
            (
                "config.yaml:3: scope.subscriptions[0]: 'prod' is not an id: write the GUID, such as "
                "12345678-9abc-def0-1234-56789abcdef0, not the name"
            ),
        ),
        (
            "sources: 14d\n",
            (
                "config.yaml:1: sources: settings are meant here: write lines such as 'inventory: ...' below it; there "
                "are: inventory, activity, lookback, rollout, release_table, heartbeats"
            ),
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
            "azure:\n  cloud: custom\n",
            (
                "config.yaml:1: azure.endpoints: is missing: cloud: custom needs endpoints with resource_manager, "
                "log_analytics and authority"
            ),
        ),
        (
            (
                "azure:\n  endpoints:\n    resource_manager: https://a\n    log_analytics: https://a\n"
                "    authority: https://a\n"
            ),
            (
                "config.yaml:2: azure.endpoints: endpoints go with cloud: custom only: take them out, for the other "
                "clouds have their own"
            ),
        ),
        (
            (
                "azure:\n  cloud: custom\n  endpoints:\n    resource_manager: http://127.0.0.1:8443\n"
                "    log_analytics: https://a\n    authority: https://a\n"
            ),
            (
                "config.yaml:4: azure.endpoints.resource_manager: 'http://127.0.0.1:8443' is not https: a bearer token "
                "would travel in clear; write https://..."
            ),
        ),
        (
            (
                "azure:\n  cloud: custom\n  endpoints:\n    resource_manager: https://a?b=c\n"
                "    log_analytics: https://a\n    authority: https://a\n"
            ),
            (
                "config.yaml:4: azure.endpoints.resource_manager: 'https://a?b=c' is not an endpoint: write "
                "https://host or https://host:port, and nothing behind it"
            ),
        ),
        (
            "azure:\n  ca_bundle: ca.pem\n",
            (
                "config.yaml:2: azure.ca_bundle: 'ca.pem' is not there; it is looked for beside the configuration: "
                "write the path of the certificates (PEM) that the connection is to trust"
            ),
        ),
        (
            "exemptions: exemptions.yaml\n",
            (
                "config.yaml:1: exemptions: 'exemptions.yaml' is not there; it is looked for beside the configuration: "
                "write the path of a list of exemptions, which may be empty"
            ),
        ),
        (
            "sources:\n  lookback: 90d\n",
            (
                "config.yaml:2: sources.lookback: '90d' is too long: Azure keeps the activity log for 90 days only; "
                "write 89d or less"
            ),
        ),
        (
            "sources: {lookback: 14}\n",
            (
                "config.yaml:1: sources.lookback: 14 is not a duration: write a whole number above 0 and d, h, m or s, "
                "such as 14d"
            ),
        ),
        (
            "sources: {rollout: {vm: 0d}}\n",
            (
                "config.yaml:1: sources.rollout.vm: '0d' is not a duration: write a whole number above 0 and d, h, m "
                "or s, such as 14d"
            ),
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      month: 2025-13\n      versions: ['1.2.3']\n",
            (
                "config.yaml:4: sources.release_table[0].month: '2025-13' is not a month: write the year and the "
                'month, such as "2025-11"'
            ),
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      versions: [1.39]\n",
            'config.yaml:4: sources.release_table[0].versions[0]: 1.39 is no text to YAML: write it in quotes, "1.39"',
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      versions: [1.x]\n",
            (
                "config.yaml:4: sources.release_table[0].versions[0]: '1.x' is not a version: write two to four "
                'numbers with dots between, such as "1.38.1" or "1.37.x"'
            ),
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      versions: []\n",
            "config.yaml:4: sources.release_table[0].versions: the list is empty: write at least one entry",
        ),
        (
            f"scope:\n  accepted_gaps:\n    - {{scope: {ID}, source: any, owner: Ann, until: 2026-12-31}}\n",
            "config.yaml:3: scope.accepted_gaps[0].reason: is missing: write 'reason: ...' in this entry",
        ),
        (
            (
                "scope:\n  accepted_gaps:\n    - scope: x\n      source: activity\n      owner: A\n      reason: Why\n"
                "      until: 2026-12-31\n"
            ),
            (
                "config.yaml:4: scope.accepted_gaps[0].source: 'activity' is not a source: write any, or one of "
                f"{', '.join(Source)}"
            ),
        ),
        (
            "scope:\n  accepted_gaps:\n    - {scope: x, source: any, owner: '', reason: Why, until: 2026-12-31}\n",
            "config.yaml:3: scope.accepted_gaps[0].owner: is empty: write a text",
        ),
        (
            "scope:\n  accepted_gaps:\n    - {scope: x, source: any, owner: Ann, reason: Why, until: 20261231}\n",
            (
                "config.yaml:3: scope.accepted_gaps[0].until: 20261231 is not a date: write year, month and day, such "
                "as 2026-01-31"
            ),
        ),
        (
            f"scope:\n  exclude_subscriptions: [{ID}]\n  expected_subscriptions: [{ID.upper()}]\n",
            (
                "config.yaml:3: scope.expected_subscriptions[0]: stands under exclude_subscriptions as well: take it "
                "out of one of the two"
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


class TestEnvironment:
    def test_an_unset_name_is_told(self, desk: Desk) -> None:
        assert desk.told("report:\n  title: 'Audit of ${COMPANY}'\n") == [
            "config.yaml:2: report.title: the environment variable COMPANY is not set: set it before the audit starts"
        ]

    def test_an_empty_one_too(self, desk: Desk) -> None:
        told = desk.told("azure: {credential: token, token: '${T}'}", environ={"T": ""})
        assert told == [
            "config.yaml:1: azure.token: the environment variable T is set, but empty: set it before the audit starts"
        ]

    def test_what_is_no_name_is_told(self, desk: Desk) -> None:
        (told,) = desk.told("report: {title: '${A B}'}", environ={"A B": "x"})
        assert told.startswith("config.yaml:1: report.title: ${ begins the name of an environment variable")

    @pytest.mark.parametrize(
        "config",
        [
            "sources: {lookback: '${SECRET}'}",
            "azure: {cloud: '${SECRET}'}",
            "azure: {client_id: '${SECRET}', credential: managed_identity}",
            "azure: {ca_bundle: '${SECRET}'}",
            "report: {time_zone: '${SECRET}'}",
            "report: {language: '${SECRET}'}",
            "scope: {subscriptions: ['${SECRET}']}",
            "rules: {AMA-001: {only: {name: {equals: '${SECRET}'}}}}",
            "rules: {AMA-001: {only: {os: {equals: '${SECRET}'}}}}",
            "rules: {AMA-002: {params: {releases: '${SECRET}'}}}",
        ],
    )
    def test_what_it_holds_is_never_repeated(self, desk: Desk, config: str) -> None:
        told = "\n".join(desk.told(config, environ={"SECRET": "$hunter-two"}))
        assert "hunter" not in told
        assert "config.yaml:1: " in told


class TestCredential:
    @pytest.mark.parametrize("key", ["client_secret", "token"])
    def test_a_secret_in_clear_is_refused_and_not_repeated(self, desk: Desk, key: str) -> None:
        told = "\n".join(desk.told(f"azure:\n  credential: {key}\n  {key}: hunter-two\n"))
        assert f"config.yaml:3: azure.{key}: a secret does not stand in a file: put it into an environment" in told
        assert "hunter" not in told

    def test_a_secret_does_not_show_where_settings_are_printed(self, desk: Desk) -> None:
        settings = desk.settle("azure: {credential: token, token: '${T}'}", environ={"T": "hunter-two"}).settings
        assert "hunter" not in f"{settings!r} {settings} {settings.model_dump_json()}"

    def test_what_it_demands_is_told_key_by_key(self, desk: Desk) -> None:
        assert desk.told("azure:\n  credential: client_secret\n") == [
            f"config.yaml:1: azure.{key}: is missing: credential: client_secret needs client_id, client_secret and "
            "tenant_id"
            for key in ("client_id", "client_secret", "tenant_id")
        ]

    def test_what_is_another_kinds_is_refused(self, desk: Desk) -> None:
        assert desk.told(f"azure:\n  credential: managed_identity\n  tenant_id: {ID}\n") == [
            (
                "config.yaml:3: azure.tenant_id: credential: managed_identity takes client_id only: take tenant_id "
                "out, or name another credential"
            )
        ]

    def test_the_default_takes_no_keys(self, desk: Desk) -> None:
        assert desk.told("azure: {token: '${T}'}", environ={"T": "x"}) == [
            (
                "config.yaml:1: azure.token: credential: default takes no keys of its own: take token out, or name "
                "another credential"
            )
        ]

    @pytest.mark.parametrize("kind", Credential)
    def test_every_kind_works_with_all_of_its_keys(self, desk: Desk, kind: Credential) -> None:
        desk.write("c.pem", "certificate and key")
        values = {
            "tenant_id": "contoso.onmicrosoft.com",
            "client_id": ID,
            "client_secret": "${S}",
            "token": "${S}",
            "certificate_path": "c.pem",
        }
        keys = "".join(f"  {key}: {values[key]}\n" for key in sorted(frozenset().union(*CREDENTIAL_KEYS[kind])))
        azure = desk.settle(f"azure:\n  credential: {kind}\n{keys}", environ={"S": "x"}).settings.azure
        assert azure.credential is kind


@pytest.mark.parametrize(
    "written",
    [
        "Production team",
        "/providers/Microsoft.Management/managementGroups/prod",
        "prod/europe",
        "",
        "生産",
        "x" * 91,
    ],
)
def test_a_management_group_is_named_by_its_id(desk: Desk, written: str) -> None:
    told = desk.told(f"scope:\n  management_groups: [root, '{written}']\n")
    assert told == [
        (
            f"config.yaml:2: scope.management_groups[1]: {written!r} is not a management group's id: write the id that "
            "the portal shows beside the name (letters, digits and -_.() only), not the display name and not a path"
        )
    ]


@pytest.mark.parametrize("inventory", ["auto", "resource_graph", "compute"])
def test_the_inventory_can_be_read_in_each_way(desk: Desk, inventory: str) -> None:
    assert desk.settle(f"sources: {{inventory: {inventory}}}").settings.sources.inventory == inventory


@pytest.mark.parametrize("source", ["any", *Source])
def test_a_gap_of_every_source_can_be_accepted(desk: Desk, source: str) -> None:
    gap = f"{{scope: {ID}, source: {source}, owner: Ann, reason: Refused, until: 2026-12-31}}"
    (accepted,) = desk.settle(f"scope: {{accepted_gaps: [{gap}]}}").settings.scope.accepted_gaps
    assert accepted.source == source


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


class TestSubscriptionsOfTheCommandLine:
    OTHER = "00000000-0000-0000-0000-00000000000A"

    def test_replace_those_of_the_configuration(self, desk: Desk) -> None:
        settled = desk.settle(f"scope: {{subscriptions: [{ID}]}}", subscriptions=[self.OTHER])
        assert settled.settings.scope.subscriptions == (self.OTHER.lower(),)

    def test_replace_its_management_groups_too(self, desk: Desk) -> None:
        """Asked for one subscription, a night does not audit all that lies below a group besides."""
        scope = desk.settle("scope: {management_groups: [root]}", subscriptions=[self.OTHER]).settings.scope
        assert (scope.subscriptions, scope.management_groups) == ((self.OTHER.lower(),), ())

    def test_must_be_ids(self, desk: Desk) -> None:
        assert desk.told(None, subscriptions=["prod"]) == [
            "--subscription: 'prod' is not a subscription id: write the GUID, not the subscription's name"
        ]


def test_the_example_configuration_is_the_defaults_and_explains_every_setting(desk: Desk) -> None:
    example = Path(__file__).parents[3] / "config.example.yaml"
    text = example.read_text(encoding="utf-8")
    assert desk.settle(text).settings == Settings()

    def keys(model: type[object]) -> set[str]:
        fields = getattr(model, "model_fields", {})
        names = {field.alias or name for name, field in fields.items()}
        return names.union(*(keys(type(field.default)) for field in fields.values()))

    unexplained = {
        key for model in (Settings, ArchiveSettings, Schedule, Smtp) for key in keys(model) if f"{key}:" not in text
    }
    assert not unexplained
    assert not {source for source in Source if not re.search(rf"[ ]{source}[,.]", text)}, (
        "what a gap may be accepted of"
    )


def test_what_stands_commented_out_in_the_example_is_accepted(desk: Desk) -> None:
    text = (Path(__file__).parents[3] / "config.example.yaml").read_text(encoding="utf-8")
    archive, schedule, smtp = (
        re.sub("(?m)^# ", "", re.search(f"(?m)^# {first}\n(?:#.*\n)+", text)[0])  # type: ignore[index]  # or it fails
        for first in ("archive:", "schedule:", "- smtp:")
    )
    desk.write("mail-ca.pem", "certificates")
    environ = {"AUDITOR_STORAGE_KEY": "a2V5", "AUDITOR_MAIL_PASSWORD": "told"}
    blobs = archive.replace("file:./archive", "abfs://container@account.dfs.core.windows.net/path")

    settings = desk.settle(f"{blobs}{schedule}deliver:\n{smtp}", environ=environ).settings

    assert settings.archive and settings.archive.account_key and settings.archive.endpoint and settings.schedule
    assert settings.deliver[0].smtp.model_fields_set == set(Smtp.model_fields)
