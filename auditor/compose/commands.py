"""Commands that are ready to paste, and harmless: they look, or they change what their fix names and nothing else.

Nothing here puts an extension anew but :func:`upgrade_anew`, which reads it first, passes on all that was read, and
does nothing until whoever pastes it states that there are no protected settings, which Azure does not give back.

Pages: https://learn.microsoft.com/cli/azure/use-azure-cli-rest-command,
https://learn.microsoft.com/powershell/module/az.accounts/invoke-azrestmethod,
https://learn.microsoft.com/rest/api/compute/virtual-machine-extensions/update,
https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-set-extensions/update,
https://learn.microsoft.com/virtual-machine-scale-sets/virtual-machine-scale-sets-perform-manual-upgrades,
https://learn.microsoft.com/azure/azure-arc/servers/manage-automatic-vm-extension-upgrade
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from auditor.model.quoting import json_text, posix, powershell
from auditor.model.resource_id import Names
from auditor.resources import reports_folder


class Commands(NamedTuple):
    """The same thing for both shells; None where a shell cannot say it."""

    azure_cli: str | None
    azure_powershell: str | None


NONE = Commands(None, None)

_ENABLED = json_text({"properties": {"enableAutomaticUpgrade": True}})
_BEHIND = "[?latestModelApplied==`false`].instanceId"

_ASK = "# Azure does not give protected settings back: write yes only where this extension has none."
_UPGRADE_IN_POSIX = """\
{ask}
no_protected_settings=no
url={url}
body=$(az rest --method get --url "$url" --query {query} --output tsv)
[ "$no_protected_settings" = yes ] && [ -n "$body" ] && \
az rest --method put --url "$url" --body "$(printf '%s' "$body" | sed 's/@/\\\\u0040/g')\""""
_UPGRADE_IN_POWERSHELL = """\
{ask}
$noProtectedSettings = 'no'
& {
$url = {url}
$read = Invoke-AzRestMethod -Method GET -Path $url
if ($read.StatusCode -ne 200) { throw $read.Content }
$extension = [System.Text.Json.Nodes.JsonNode]::Parse($read.Content)
if (-not ($extension['location'] -and $extension['properties']['publisher'])) { throw $read.Content }
foreach ($key in 'id', 'name', 'type') { [void]$extension.Remove($key) }
foreach ($key in 'provisioningState', 'instanceView') { [void]$extension['properties'].Remove($key) }
$extension['properties']['typeHandlerVersion'] = [System.Text.Json.Nodes.JsonNode]::Parse('"{version}"')
if ($noProtectedSettings -eq 'yes') { Invoke-AzRestMethod -Method PUT -Path $url -Payload $extension.ToJsonString() }
}"""
"""JsonNode, and not ConvertFrom-Json, which makes dates of texts that look like some. One block: a prompt takes what is
pasted line by line, and goes on with the next line, and with what an earlier row left behind, where one has failed."""


@cache
def anew_query(version: str) -> str:
    """The query that makes of a read extension the body that puts it again with ``version``.

    It makes nothing of an answer that is no extension.
    """
    design = (reports_folder() / "remediation" / "anew.jmespath").read_text(encoding="utf-8")
    return " ".join(design.split()).replace("VERSION", version)


def enable(url: str) -> Commands:
    """The PATCH of that one property."""
    return Commands(
        f"az rest --method patch --url {posix(url)} --body {posix(_ENABLED)}",
        f"Invoke-AzRestMethod -Method PATCH -Path {powershell(url)} -Payload {powershell(_ENABLED)}",
    )


def post(url: str, body: str) -> Commands:
    return Commands(
        f"az rest --method post --url {posix(url)} --body {posix(body)}",
        f"Invoke-AzRestMethod -Method POST -Path {powershell(url)} -Payload {powershell(body)}",
    )


def look(url: str) -> Commands:
    return Commands(
        f"az rest --method get --url {posix(url)}",
        f"(Invoke-AzRestMethod -Method GET -Path {powershell(url)}).Content",
    )


def wait_for_model(names: Names) -> Commands:
    """Until Azure has taken a change of the model: before that it refuses to update instances."""
    state = f"(Get-AzVmss {_of_set(names)}).ProvisioningState"
    return Commands(
        _az("vmss wait", names, " --updated --interval 5"),
        _within(names, f"while ({state} -eq 'Updating') {{ Start-Sleep -Seconds 5 }}"),
    )


def update_one(names: Names) -> Commands:
    """One instance to the latest model of its scale set."""
    return Commands(
        _az("vmss update-instances", names, f" --instance-ids={posix(names.instance)}"),
        _within(names, f"{_update(names)} -InstanceId {powershell(names.instance)}"),
    )


def update_behind(names: Names) -> Commands:
    """Every instance that does not have the latest model, one after the other."""
    listed = _az("vmss list-instances", names, f" --query '{_BEHIND}' --output tsv")
    each = _az("vmss update-instances", names, ' --instance-ids="$instance"')
    behind = f"Get-AzVmssVM {_of_set(names)} | Where-Object {{ $_.LatestModelApplied -eq $false }}"
    return Commands(
        f"for instance in $({listed}); do {each} || break; done" if listed and each else None,
        _within(names, f"{behind} | ForEach-Object {{ {_update(names)} -InstanceId $_.InstanceId }}"),
    )


def assign_identity(names: Names, *, on_scale_set: bool) -> Commands:
    """A system-assigned identity, beside those that are there.

    ``az`` reads the resource before it writes; what PowerShell writes takes the place of all identities, so that it
    writes only where there is none.
    """
    if on_scale_set:
        found, where, kind = f"Get-AzVmss {_of_set(names)}", f"Update-AzVmss {_of_set(names)}", "VirtualMachineScaleSet"
    else:
        group = f"-ResourceGroupName {powershell(names.group)}"
        found, where, kind = f"Get-AzVM {group} -Name {powershell(names.name)}", f"Update-AzVM {group}", "VM"
    return Commands(
        _az("vmss identity assign" if on_scale_set else "vm identity assign", names),
        _within(
            names,
            f"{found} | Where-Object {{ $null -eq $_.Identity }} | "
            f"ForEach-Object {{ {where} -{kind} $_ -IdentityType SystemAssigned }}",
        ),
    )


def upgrade_anew(url: str, version: str) -> Commands:
    """The extension read, and put again with all that was read and ``version``, once the operator has stated it."""
    return Commands(
        _UPGRADE_IN_POSIX.format(ask=_ASK, url=posix(url), query=posix(anew_query(version))),
        _UPGRADE_IN_POWERSHELL.replace("{ask}", _ASK).replace("{url}", powershell(url)).replace("{version}", version),
    )


def together(*parts: Commands) -> Commands:
    """One after the other, for the shells that can say all of them; bash goes on only where one was carried out."""
    columns = zip((" &&\n", "\n"), zip(*parts, strict=True), strict=True)
    return Commands(*(between.join(map(str, lines)) if all(lines) else None for between, lines in columns))


def _az(command: str, names: Names, more: str = "") -> str | None:
    """None where a value begins with @: ``az`` would read the file of that name in its place."""
    if any(each.startswith("@") for each in (names.subscription, names.group, names.name, names.instance)):
        return None
    subscription, group, name = map(posix, (names.subscription, names.group, names.name))
    return f"az {command} --subscription={subscription} --resource-group={group} --name={name}{more}"


def _within(names: Names, command: str) -> str:
    """One statement: where the subscription cannot be entered, nothing is done in the one that a shell is in."""
    return f"if (Set-AzContext -Subscription {powershell(names.subscription)}) {{\n{command}\n}}"


def _of_set(names: Names) -> str:
    return f"-ResourceGroupName {powershell(names.group)} -VMScaleSetName {powershell(names.name)}"


def _update(names: Names) -> str:
    return f"Update-AzVmssInstance {_of_set(names)}"
