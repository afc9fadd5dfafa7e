"""What is deployed to Azure Functions beside code: templates, the role, requirements, and an example of everything."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_bicep
import yaml
from packaging.requirements import Requirement
from tree_sitter import Language, Node, Parser

from auditor.cli import main
from auditor.settle import settle

ROOT = Path(__file__).parents[2]
APP = ROOT / "deploy" / "azure-functions"
TEMPLATES = sorted(APP.glob("*.bicep"))
PYTHON = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": "azure-storage"}


def nodes_below(node: Node) -> Iterator[Node]:
    yield node
    for each in node.children:
        yield from nodes_below(each)


def parsed(template: Path) -> Node:
    return Parser(Language(tree_sitter_bicep.language())).parse(template.read_bytes()).root_node


def text(node: Node) -> str:
    return (node.text or b"").decode()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_template_is_bicep(template: Path) -> None:
    """By a grammar that is not ours; Bicep's own compiler is not to be had from a package index."""
    wrong = [each for each in nodes_below(parsed(template)) if each.is_error or each.is_missing]

    assert not [(each.start_point[0] + 1, text(each)) for each in wrong]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_template_names_only_what_it_declares_and_declares_only_what_it_uses(template: Path) -> None:
    whole, used = template.read_bytes(), set()
    declared: dict[str, str] = {}
    for node in nodes_below(parsed(template)):
        parent = node.parent
        if node.type != "identifier" or parent is None:
            continue
        names = parent.named_children[0] == node
        if names and parent.type.endswith("_declaration"):
            declared[text(node)] = parent.type
        elif names and parent.type == "for_statement":
            declared[text(node)] = "for_statement"
        elif whole[node.end_byte : node.end_byte + 1] != b"(" and not (names and parent.type == "object_property"):
            used.add(text(node))

    assert used <= {*declared}
    settled = {name for name, kind in declared.items() if kind in ("parameter_declaration", "variable_declaration")}
    assert settled <= used


def test_modules_get_the_parameters_and_have_the_outputs_that_they_declare() -> None:
    modules = re.compile(r"^module (\w+) '(\S+)' = .*?params: \{(.*?)^ +\}", re.MULTILINE | re.DOTALL)
    for template in TEMPLATES:
        whole = template.read_text("utf-8")
        for name, file, given in modules.findall(whole):
            module = (APP / file).read_text("utf-8")
            declared = re.findall(r"^param (\w+)", module, re.MULTILINE)
            assert sorted(re.findall(r"^ +(\w+):", given, re.MULTILINE)) == sorted(declared)
            asked = set(re.findall(rf"\b{name}\.outputs\.(\w+)", whole))
            assert asked <= set(re.findall(r"^output (\w+)", module, re.MULTILINE))


def test_the_role_is_the_one_that_the_doctor_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the shipped configuration; whoever changes theirs has it printed again."""
    shipped = yaml.safe_load((APP / "config.example.yaml").read_text("utf-8"))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"scope": shipped["scope"]}), encoding="utf-8")

    assert main(["doctor", "--role", "--config", str(tmp_path / "config.yaml")]) == 0

    assert json.loads((APP / "role.json").read_text("utf-8")) == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("template", ["main.bicep", "management-group.bicep"])
def test_a_role_definition_holds_the_actions_of_that_file_and_no_other(template: str) -> None:
    whole = (APP / template).read_text("utf-8")

    assert "var role = loadJsonContent('role.json')" in whole
    assert re.findall(r"^ +actions: (.*)", whole, re.MULTILINE) == ["role.Actions"]
    assert not re.findall(r"'Microsoft\.[A-Za-z/]+/(?:write|action|delete|\*)'", whole)


def test_no_template_holds_or_asks_for_a_key() -> None:
    whole = "".join(each.read_text("utf-8") for each in TEMPLATES)

    assert "listKeys" not in whole and "AccountKey" not in whole
    assert whole.count("allowSharedKeyAccess: false") == whole.count("'Microsoft.Storage/storageAccounts@")


def test_every_setting_that_the_shipped_configuration_names_is_one_of_the_app() -> None:
    named = set(re.findall(r"\$\{([A-Z_]+)\}", (APP / "config.example.yaml").read_text("utf-8").replace("${...}", "")))
    given = set(re.findall(r"name: '([A-Z_]+)'", (APP / "app.bicep").read_text("utf-8")))

    assert named and named <= given


def test_the_shipped_configuration_is_accepted() -> None:
    environ = {
        "AZURE_CLIENT_ID": "11111111-2222-4333-a444-555555555555",
        "AUDITOR_ARCHIVE_URL": "abfs://nights@auditora0123456789.dfs.core.windows.net",
        "AUDITOR_MAIL_PASSWORD": "a-secret-for-tests",
    }
    settings = settle(APP / "config.example.yaml", environ=environ).settings

    assert settings.schedule and settings.archive and settings.deliver


def test_the_requirements_are_whole_hashed_and_name_no_address() -> None:
    whole = (APP / "requirements.txt").read_text("utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", whole, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["azure-storage"]]
    wanted += [line for line in (APP / "requirements.in").read_text("utf-8").splitlines() if not line.startswith("#")]

    assert "://" not in whole
    assert all("--hash=sha256:" in each for each in re.split(r"^(?=[a-z])", whole, flags=re.MULTILINE)[1:])
    for each in map(Requirement, wanted):
        assert each.specifier.contains(pinned[each.name.lower()]), f"{each}: renew requirements.txt"


def test_the_host_stops_a_tick_after_the_longest_one_and_never_tries_it_again() -> None:
    host = json.loads((APP / "host.json").read_text("utf-8"))

    assert host["functionTimeout"] == "00:30:00" and "retry" not in host
    assert not host["logging"]["applicationInsights"]["samplingSettings"]["isEnabled"], "alerts count records"


def test_nothing_secret_stands_in_the_local_settings() -> None:
    values = json.loads((APP / "local.settings.example.json").read_text("utf-8"))["Values"]

    assert values["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
    assert not [name for name in values if "KEY" in name or "PASSWORD" in name or "SECRET" in name]
