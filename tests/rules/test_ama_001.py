"""AMA-001, automatic upgrade is on: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import ExtensionSpec, Fault
from tests.rules.answers import (
    LINUX,
    PUBLISHER,
    SUBSCRIPTION,
    Case,
    Judged,
    agent,
    ago,
    case,
    judge_estate,
    power,
)

RULE = "AMA-001"
PASS, DISABLED, UNSET = ("pass", "as_expected"), ("fail", "disabled"), ("fail", "unset")
NOT_KNOWN, NOT_READ = ("unanswered", "not_known"), ("unanswered", "extensions_not_read")


def resource(**properties: Any) -> dict[str, Any]:
    """An override for a machine's answer: its one extension, with these properties."""
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-main/providers/Microsoft.Compute/virtualMachines/x"
    body = {
        "name": LINUX,
        "id": f"{path}/extensions/{properties.pop('id', LINUX)}",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "properties": {"publisher": PUBLISHER, "type": LINUX, "provisioningState": "Succeeded", **properties},
    }
    return {"resources": [body]}


CASES = (
    case("on", PASS, agent()),
    case("off", DISABLED, agent(auto_upgrade=False)),
    case("not set", UNSET, agent(auto_upgrade=None)),
    case("null", UNSET, agent(), override=resource(id="null", enableAutomaticUpgrade=None)),
    case("a text instead of true", NOT_KNOWN, agent(), override=resource(id="text", enableAutomaticUpgrade="true")),
    case("off and minor on", DISABLED, agent(auto_upgrade=False, auto_upgrade_minor=True)),
    case("off and minor off", DISABLED, agent(auto_upgrade=False, auto_upgrade_minor=False)),
    case("not set and minor off", UNSET, agent(auto_upgrade=None, auto_upgrade_minor=False)),
    case("on and minor off", PASS, agent(auto_upgrade_minor=False)),
    case("on and minor not told", PASS, agent(auto_upgrade_minor=None)),
    case("on and nothing installed", PASS, agent(None)),
    case("on windows", PASS, agent(os="Windows"), os="Windows"),
    case("off on a stopped machine", DISABLED, agent(auto_upgrade=False), power="deallocated"),
    case(
        "off on a machine stopped yesterday",
        DISABLED,
        agent(auto_upgrade=False),
        power="deallocated",
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case("off while it is being made", DISABLED, agent(None, auto_upgrade=False, provisioning_state="Creating")),
    case("of another name", DISABLED, agent(auto_upgrade=False, name="ama_prod.1")),
    case("of another case", DISABLED, ExtensionSpec("ama", PUBLISHER.upper(), LINUX.lower(), auto_upgrade=False)),
    case("two of them", (PASS, DISABLED), agent(name="a"), agent(name="b", auto_upgrade=False)),
    case("without extensions", None),
    case("with another extension only", None, ExtensionSpec("Script", "Microsoft.Azure.Extensions", "CustomScript")),
    case("another extension of that name", None, ExtensionSpec(LINUX, "Microsoft.Azure.Extensions", "CustomScript")),
    case("the old agent", None, ExtensionSpec("MMA", "Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux")),
    case("refused", NOT_READ, agent()),
    case("refused without extensions", NOT_READ),
    case("beside another extension", PASS, ExtensionSpec("a", "Contoso", "Thing", auto_upgrade=False), agent()),
)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    refused = Fault(
        r"/refused[^/]*\?.*expand=instanceView", status=403, body={"error": {"code": "AuthorizationFailed"}}
    )
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, refused)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_agent_and_each_unread_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == sum(len(each.expected) for each in CASES)


def test_without_the_machine_list_there_is_no_verdict_and_no_crash(tmp_path: Path) -> None:
    judged = judge_estate(tmp_path, CASES, Fault(r"/virtualMachines\?", status=403, body="no"))

    assert len(judged.frames["verdicts"]) == 0
    assert set(judged.frames["readings"].query("source == 'virtual_machines'")["complete"]) == {"no"}
