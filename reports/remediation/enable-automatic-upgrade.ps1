#Requires -Version 7.2
#Requires -Modules Az.Accounts
param([switch]$Apply)

@counts@
$stopAfter = 25

function enable_upgrade([string]$Path) {
    if (-not $Apply) {
        Write-Output "  would set enableAutomaticUpgrade to true, by a PATCH of $Path"
        return
    }
    $before = Read-Kept $Path
    [void](Send 'PATCH' $Path '{"properties":{"enableAutomaticUpgrade":true}}')
    Wait-Change $Path
    Assert-Same $Path $before
    $now = Read-Text $Path @('properties', 'enableAutomaticUpgrade')
    if ($now -ne 'true') { throw "Azure took the change, and enableAutomaticUpgrade is still not true ($now)." }
}
