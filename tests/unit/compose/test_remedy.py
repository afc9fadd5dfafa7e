"""What each fix asks for on each kind of row: which commands, with whose ids, and that they stay what they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from auditor.compose.remedy import Remedies
from auditor.compose.rows import View
from auditor.compose.targets import Targets
from auditor.compose.wording import Wording
from auditor.model.remedy import Act, Remedy, Step
from auditor.model.report import Finding
from auditor.model.rule import Rule, RuleBook
from auditor.model.verdict import Status
from tests.shells import HOSTILE, errors_in_powershell, recorded
from tests.unit.compose import parts
from tests.unit.compose.parts import Shard, agent, machine, model_agent, scale_set

PATCH = {"properties": {"enableAutomaticUpgrade": True}}
FIXES = (
    *("enable_automatic_upgrade", "upgrade_now", "update_instance", "repair_failed_extension"),
    *("watch_automatic_retry", "check_installed_version"),
)
LOOKS = FIXES[3:]


def book(fix: str, frame: str = "extensions", column: str = "auto_upgrade") -> RuleBook:
    """One rule that asks for ``fix``."""
    one: Rule = parts.rule("AMA-001", column, frame, reasons=(parts.clause("bad", "It is bad.", fix),))
    return RuleBook((one,), parts.STANDING)


def found(shard: Shard, row: int, fix: str, status: Status = Status.FAIL) -> Finding:
    """The finding on the extension at ``row`` of the shard under a rule that asks for ``fix``."""
    on = shard.extensions[row]
    shard.verdicts = [parts.verdict("AMA-001", status, row, on["id"], on["machine_id"], reason_code="bad", clause=0)]
    [finding] = parts.findings(shard, book=book(fix))
    return finding


def remedy(shard: Shard, row: int, fix: str) -> Remedy:
    told = found(shard, row, fix).remedy
    assert told is not None
    return told


def on_vm(**changes: Any) -> Shard:
    one = machine(parts.VM)
    return Shard([one], extensions=[agent(one, **changes)])


def on_server(**changes: Any) -> Shard:
    one = machine(parts.SERVER)
    return Shard([one], extensions=[agent(one, **changes)])


def on_set(upgrade_mode: str = "manual", name: str = "AMA", **changes: Any) -> Shard:
    """A scale set's model (row 0), and an instance that has the agent from it (row 1)."""
    owner = scale_set(upgrade_mode=upgrade_mode)
    follows = {"kind": "scale_set_instance", "name": "pool_0", "scale_set_id": parts.SCALE_SET, "follows_model": "no"}
    instance = machine(parts.INSTANCE, **follows)
    extensions = [model_agent(owner, name=name, auto_upgrade="disabled"), agent(instance, **changes)]
    return Shard([instance], [owner], extensions)


def address(command: str | None, option: str = "--url") -> str:
    assert command is not None
    [where] = re.findall(rf"{option} '?([^' ]+)", command)
    return unquote(where)


# --- which ---


@pytest.mark.parametrize(
    ("shard", "row", "where"),
    [
        (on_vm(), 0, f"{parts.VM}/extensions/AMA?api-version=2024-07-01"),
        (on_server(), 0, f"{parts.SERVER}/extensions/AMA?api-version=2024-07-10"),
        (on_set("automatic"), 0, f"{parts.SCALE_SET}/extensions/AMA?api-version=2024-07-01"),
        (
            on_set("automatic", model_auto_upgrade="disabled"),
            1,
            f"{parts.SCALE_SET}/extensions/AMA?api-version=2024-07-01",
        ),
        (on_set(model_auto_upgrade="none"), 1, f"{parts.INSTANCE}/extensions/AMA?api-version=2024-07-01"),
    ],
    ids=["virtual machine", "Arc", "model", "instance that has it from the model", "instance that has it by itself"],
)
def test_automatic_upgrade_is_a_patch_of_one_property_where_the_setting_is(shard: Shard, row: int, where: str) -> None:
    told = remedy(shard, row, "enable_automatic_upgrade")
    body = json.dumps(PATCH, separators=(",", ":"))
    assert told.azure_cli == f"az rest --method patch --url '{where}' --body '{body}'"
    assert told.azure_powershell == f"Invoke-AzRestMethod -Method PATCH -Path '{where}' -Payload '{body}'"
    assert told.steps == (Step(Act.ENABLE, (where,)),)


def test_a_model_with_the_upgrade_mode_manual_is_followed_by_its_instances_one_after_the_other() -> None:
    told = remedy(on_set(), 0, "enable_automatic_upgrade")
    assert told.azure_cli is not None and told.azure_powershell is not None
    patch, wait, update = told.azure_cli.splitlines()
    where = f"--subscription={parts.SHOP} --resource-group=RG-Web --name=pool"
    assert patch.startswith("az rest --method patch") and patch.endswith(" &&")
    assert wait == f"az vmss wait {where} --updated --interval 5 &&"
    assert f'az vmss update-instances {where} --instance-ids="$instance" || break' in update
    assert "Update-AzVmssInstance -ResourceGroupName 'RG-Web' -VMScaleSetName 'pool'" in told.azure_powershell
    assert told.steps[1:] == (Step(Act.UPDATE_BEHIND, (parts.SHOP, "RG-Web", "pool")),)


def test_an_instance_that_is_behind_a_model_that_has_it_on_is_updated_and_nothing_else() -> None:
    for fix, changes in (("enable_automatic_upgrade", {"model_auto_upgrade": "enabled"}), ("update_instance", {})):
        told = remedy(on_set(**changes), 1, fix)
        names = f"--subscription={parts.SHOP} --resource-group=RG-Web --name=pool"
        assert told.azure_cli == f"az vmss update-instances {names} --instance-ids=0"
        assert told.steps == (Step(Act.UPDATE_ONE, (parts.SHOP, "RG-Web", "pool", "0")),)


def test_where_the_models_setting_is_not_known_there_is_no_command() -> None:
    told = remedy(on_set(model_auto_upgrade=None), 1, "enable_automatic_upgrade")
    assert (told.azure_cli, told.azure_powershell, told.steps) == (None, None, ())
    assert told.words


def test_the_models_extension_is_found_by_publisher_and_type_not_by_name() -> None:
    told = remedy(on_set("automatic", name="monitoring", model_auto_upgrade="unset"), 1, "enable_automatic_upgrade")
    assert address(told.azure_cli) == f"{parts.SCALE_SET}/extensions/monitoring?api-version=2024-07-01"


def test_a_flexible_instance_is_mended_like_a_virtual_machine() -> None:
    one = machine(parts.VM, kind="scale_set_instance", scale_set_id=parts.SCALE_SET)
    shard = Shard([one], [scale_set(orchestration_mode="flexible")], [agent(one, auto_upgrade="disabled")])
    told = remedy(shard, 0, "enable_automatic_upgrade")
    assert told.steps == (Step(Act.ENABLE, (f"{parts.VM}/extensions/AMA?api-version=2024-07-01",)),)
    assert told.words == remedy(on_vm(), 0, "enable_automatic_upgrade").words
    assert remedy(shard, 0, "update_instance").azure_cli is None, "it follows no model"


def test_a_pasted_line_that_failed_keeps_the_following_ones_from_being_run() -> None:
    """A prompt goes on with the next line: in another subscription, or with what an earlier row has left behind."""
    anew = remedy(on_vm(), 0, "upgrade_now").azure_powershell
    assert anew is not None and anew.splitlines()[2] == "& {" and anew.endswith("\n}")
    one = remedy(on_set(), 1, "update_instance").azure_powershell
    assert one is not None and one.splitlines()[0] == f"if (Set-AzContext -Subscription '{parts.SHOP}') {{"
    assert one.splitlines()[2:] == ["}"]


def test_an_upgrade_by_hand_reads_first_passes_on_and_waits_for_the_statement() -> None:
    told = remedy(on_vm(), 0, "upgrade_now")
    assert told.azure_cli is not None and told.azure_powershell is not None
    assert told.azure_cli.index("--method get") < told.azure_cli.index('[ "$no_protected_settings" = yes ]')
    assert told.azure_cli.index('= yes ] && [ -n "$body" ]') < told.azure_cli.index("--method put")
    assert "no_protected_settings=no\n" in told.azure_cli and "$noProtectedSettings = 'no'\n" in told.azure_powershell
    assert told.steps == (Step(Act.ANEW, (f"{parts.VM}/extensions/AMA?api-version=2024-07-01", "1.38")),)


def test_arc_has_an_upgrade_of_its_own_that_leaves_settings_alone() -> None:
    told = remedy(on_server(), 0, "upgrade_now")
    body = '{"extensionTargets":{"Microsoft.Azure.Monitor.AzureMonitorLinuxAgent":{"targetVersion":"1.38.1"}}}'
    url = f"{parts.SERVER}/upgradeExtensions?api-version=2024-07-10"
    assert told.azure_cli == f"az rest --method post --url '{url}' --body '{body}'"
    assert told.steps == (Step(Act.ARC_UPGRADE, (url, body, f"{parts.SERVER}/extensions/AMA?api-version=2024-07-10")),)


def test_where_no_version_is_known_nothing_is_upgraded() -> None:
    for shard in (on_vm(latest_version=None), on_server(latest_version=None)):
        assert remedy(shard, 0, "upgrade_now").azure_cli is None


@pytest.mark.parametrize("fix", LOOKS)
def test_what_a_person_must_find_gets_commands_that_only_look(fix: str) -> None:
    for shard, row in ((on_vm(), 0), (on_server(), 0), (on_set(), 0), (on_set(), 1)):
        told = remedy(shard, row, fix)
        assert told.azure_cli is not None and told.azure_powershell is not None
        assert told.azure_cli.startswith("az rest --method get ") and "-Method GET " in told.azure_powershell
        assert told.steps == ()


@pytest.mark.parametrize(
    ("fix", "begins"),
    [
        ("install_agent", f"az rest --method get --url '{parts.VM}/extensions?"),
        ("assign_identity", f"az vm identity assign --subscription={parts.SHOP} --resource-group=RG-Web --name=web-1"),
        ("associate_data_collection_rule", f"az rest --method get --url '{parts.VM}/providers/Microsoft.Insights/data"),
    ],
)
def test_fixes_of_machines(fix: str, begins: str) -> None:
    frames, wording = Shard([machine(parts.VM)]).frames([]), Wording("en", "UTC")
    rows = View(frames["machines"], "machines").rows()
    [told] = Remedies(Targets(frames), wording).of(fix, rows, [parts.VM])
    assert (told.azure_cli or "").startswith(begins)
    assert told.azure_powershell and told.steps == ()


def test_data_collection_rules_are_associated_with_a_uniform_scale_set_as_a_whole() -> None:
    wording = Wording("en", "UTC")
    frames = on_set().frames([])
    rows = View(frames["machines"], "machines").rows()
    [told] = Remedies(Targets(frames), wording).of("associate_data_collection_rule", rows, [parts.INSTANCE])
    assert address(told.azure_cli).startswith(f"{parts.SCALE_SET}/providers/Microsoft.Insights/")


# --- how it is told ---


def test_the_text_is_words_then_the_portals_way_then_the_commands() -> None:
    finding = found(on_vm(), 0, "enable_automatic_upgrade")
    told = finding.remedy
    assert told is not None and finding.remediation is not None
    assert finding.remediation.split("\n\n") == [
        told.words,
        f"In the portal: {told.portal}",
        f"Azure CLI:\n{told.azure_cli}",
        f"Azure PowerShell:\n{told.azure_powershell}",
    ]


def test_what_is_accepted_has_the_words_and_no_command() -> None:
    finding = found(on_vm(), 0, "enable_automatic_upgrade", Status.EXEMPT)
    assert finding.remedy is not None
    assert finding.remedy.words and finding.remedy.portal
    assert (finding.remedy.azure_cli, finding.remedy.azure_powershell) == (None, None)
    assert finding.remediation is not None and "az rest" not in finding.remediation


def test_what_is_accepted_tells_the_scripts_what_to_leave_alone() -> None:
    accepted, failing = (
        found(on_vm(), 0, "enable_automatic_upgrade", status).remedy for status in (Status.EXEMPT, Status.FAIL)
    )
    assert accepted is not None and failing is not None
    assert accepted.steps == failing.steps != ()


# --- hostile names ---

WRITABLE = [name for name in HOSTILE if "\ud83d" not in name]
"""No frame holds half of a surrogate pair."""


def hostile(name: str) -> list[Remedy]:
    """The name stands for group, machine, scale set, instance, extension and its type; every fix on every row."""
    compute = f"/subscriptions/{parts.SHOP}/resourceGroups/{name}/providers/Microsoft.Compute"
    vm, owner = f"{compute}/virtualMachines/{name}", f"{compute}/virtualMachineScaleSets/{name}"
    server = f"/subscriptions/{parts.PLANT}/resourceGroups/{name}/providers/Microsoft.HybridCompute/machines/{name}"
    of = {"name": name, "publisher": name, "type": name}
    the_set, one, arc = scale_set(owner, name=name), machine(vm), machine(server)
    follows = {"kind": "scale_set_instance", "scale_set_id": owner, "follows_model": "no"}
    instance = machine(f"{owner}/virtualMachines/{name}", **follows)
    rows = [agent(one, **of), agent(instance, model_auto_upgrade="disabled", **of), agent(arc, **of)]
    shard = Shard([one, instance, arc], [the_set], [*rows, model_agent(the_set, **of)])
    rules = [parts.rule(fix, "auto_upgrade", reasons=(parts.clause("bad", "It is bad.", fix),)) for fix in FIXES]
    shard.verdicts = [
        parts.verdict(fix, Status.FAIL, at, row["id"], row["machine_id"], reason_code="bad", clause=0)
        for fix in FIXES
        for at, row in enumerate(shard.extensions)
    ]
    return [each.remedy for each in parts.findings(shard, book=RuleBook(tuple(rules), parts.STANDING)) if each.remedy]


@pytest.mark.parametrize("name", WRITABLE)
def test_a_real_bash_gives_az_the_names_as_they_are_and_starts_nothing_else(name: str, tmp_path: Path) -> None:
    """The az is ours and tells what it was given; every word but addresses, bodies and names is one that we wrote."""
    commands = [each.azure_cli for each in hostile(name) if each.azure_cli]
    calls = recorded("\n".join(commands), tmp_path / "empty")

    assert len(calls) >= len(commands) > len(FIXES)
    for words in calls:
        for word in words:
            option, equals, value = word.partition("=")
            if word.startswith("/subscriptions/"):
                assert set(map(unquote, re.findall(r"(?:resourceGroups|achines|Sets)/([^/?]+)", word))) == {name}
            elif equals and option in ("--name", "--resource-group", "--instance-ids"):
                assert value in (name, "0")
            elif word.startswith('{"extensionTargets"'):
                assert set(json.loads(word)["extensionTargets"]) == {f"{name}.{name}"}
            else:
                assert re.fullmatch(OURS, word), word
            assert not (value if equals else word).startswith("@"), "az would read a file in its place"


OURS = "|".join(
    (
        r"5|rest|vmss|wait|list-instances|update-instances|get|patch|tsv|--[a-z]+(-[a-z]+)*|--subscription=[-0-9a-f]+",
        r"location && properties\.publisher && properties\.type && to_string\(.*\)",
        r"\[\?latestModelApplied==`false`\]\.instanceId",
        r'\{"properties":\{"enableAutomaticUpgrade":true\}\}',
        "post",
    )
)
"""Words of commands that hold no name."""


@pytest.mark.parametrize("name", WRITABLE)
def test_a_grammar_that_is_not_ours_reads_every_powershell_command(name: str) -> None:
    commands = [each.azure_powershell for each in hostile(name) if each.azure_powershell]
    assert len(commands) > len(FIXES)
    assert errors_in_powershell("\n".join(commands)) == {}


@pytest.mark.parametrize("name", ["a/b", "..", "."])
def test_a_name_that_would_lead_elsewhere_gets_no_command(name: str) -> None:
    assert [each for each in hostile(name) if each.azure_cli or each.azure_powershell or each.steps] == []


@pytest.mark.parametrize(
    "identifier",
    [
        "https://attacker.example/vm",
        "//attacker.example/subscriptions/x",
        f"{parts.VM}/../../../../subscriptions/other",
        f"/subscriptions/{parts.SHOP}/resourceGroups/../providers/Microsoft.Compute/virtualMachines/web-1",
        f"{parts.VM}?x=y",
        "",
    ],
)
def test_an_id_that_leads_elsewhere_gets_no_command(identifier: str) -> None:
    one = machine(identifier)
    told = remedy(Shard([one], extensions=[agent(one)]), 0, "enable_automatic_upgrade")
    leads = told.azure_cli is not None
    assert not leads or address(told.azure_cli).startswith(f"{parts.VM}?x=y/extensions/AMA?"), "one name, encoded"
    assert not leads or "%3Fx%3Dy" in (told.azure_cli or "")
