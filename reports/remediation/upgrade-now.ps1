#Requires -Version 7.2
#Requires -Modules Az.Accounts
param([switch]$Apply, [switch]$NoProtectedSettings)

@counts@
$stopAfter = 25

if ($Apply -and $put_anew_steps -gt 0 -and -not $NoProtectedSettings) {
    Write-Output "Nothing was done. $put_anew_steps of the $steps extensions would be put anew with all that Azure tells of them,"
    Write-Output 'and protected settings it does not tell: they would be lost. Run it with -NoProtectedSettings too if you know'
    Write-Output 'that none of these extensions has any; take the others out of the script.'
    exit 2
}

# Read the extension, and put it again with all that was read and another version.
function put_anew([string]$Path, [string]$Version) {
    if (-not $Apply) {
        Write-Output "  would read the settings, tags and all else of $Path, and put it again with them and version $Version"
        return
    }
    $before = Read-Kept $Path
    $extension = [System.Text.Json.Nodes.JsonNode]::Parse((Send 'GET' $Path ''))
    if (-not ($extension['location'] -and $extension['properties']['publisher'])) {
        throw 'The extension could not be read as it must be, so it was left alone.'
    }
    foreach ($key in 'id', 'name', 'type') { [void]$extension.Remove($key) }
    foreach ($key in 'provisioningState', 'instanceView') { [void]$extension['properties'].Remove($key) }
    $extension['properties']['typeHandlerVersion'] = [System.Text.Json.Nodes.JsonNode]::Parse('"' + $Version + '"')
    [void](Send 'PUT' $Path $extension.ToJsonString())
    Wait-Change $Path
    Assert-Same $Path $before
}

# Arc's own upgrade, which leaves settings alone.
function upgrade_on_arc([string]$Path, [string]$Body, [string]$Extension) {
    if (-not $Apply) {
        Write-Output "  would ask Azure Arc for $Body, by a POST to $Path"
        return
    }
    $before = Read-Kept $Extension
    [void](Send 'POST' $Path $Body)
    Wait-Change $Extension
    Assert-Same $Extension $before
}
