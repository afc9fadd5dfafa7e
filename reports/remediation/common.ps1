
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$script:number = 0
$script:failed = 0
$script:inARow = 0

function Send([string]$Method, [string]$Path, [string]$Payload) {
    $asked = @{ Method = $Method; Path = $Path }
    if ($Payload) { $asked.Payload = $Payload }
    $answer = Invoke-AzRestMethod @asked
    if ($answer.StatusCode -ge 400) { throw "$Method was refused ($($answer.StatusCode)): $($answer.Content)" }
    $answer.Content
}

# JsonNode, and not ConvertFrom-Json, which makes dates of texts that look like some.
function Read-Text([string]$Path, [string[]]$Names) {
    $node = [System.Text.Json.Nodes.JsonNode]::Parse((Send 'GET' $Path ''))
    foreach ($name in $Names) { if ($null -ne $node) { $node = $node[$name] } }
    if ($null -eq $node) { 'null' } else { $node.ToJsonString() }
}

# Until Azure has carried the change out; half an hour at the most.
function Wait-Change([string]$Path) {
    for ($try = 0; $try -lt 180; $try++) {
        $state = (Read-Text $Path @('properties', 'provisioningState')).Trim('"')
        if ($state -eq 'Succeeded') { return }
        if ($state -in 'Failed', 'Canceled') {
            throw "Azure took the change and could not carry it out ($state): look at the extension's status."
        }
        Start-Sleep -Seconds 10
    }
    throw 'After half an hour it is not known what became of the change: look at the extension.'
}

# What a change must leave as it is.
function Read-Kept([string]$Path) {
    $names = 'publisher', 'type', 'settings', 'autoUpgradeMinorVersion'
    $told = foreach ($name in $names) { Read-Text $Path @('properties', $name) }
    (@($told) + (Read-Text $Path @('tags'))) -join ' '
}

function Assert-Same([string]$Path, [string]$Before) {
    $after = Read-Kept $Path
    if ($after -cne $Before) {
        Write-Output "  Settings or tags are not what they were before. Before: $Before"
        Write-Output "  Now: $after"
        Write-Output '  No further row was touched. Put them back, and tell who wrote this script.'
        exit 1
    }
}

function Step([string]$Label, [string]$Act, [string[]]$Arguments) {
    $script:number++
    Write-Output "[$script:number/$steps] $Label"
    try {
        & $Act @Arguments
        $script:inARow = 0
    }
    catch {
        Write-Output "  $_"
        $script:failed++
        $script:inARow++
        if ($script:inARow -ge $stopAfter) {
            Write-Output "  Stopped after $script:inARow that failed one after the other. Not tried: $($steps - $script:number)."
            exit 1
        }
    }
}

function Complete-Run {
    if (-not $Apply) {
        Write-Output "Nothing was changed: this was a dry run over $script:number. Run it with -Apply to do it."
        exit 0
    }
    Write-Output "$($script:number - $script:failed) done, $script:failed failed."
    exit [int]($script:failed -gt 0)
}
