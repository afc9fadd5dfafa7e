#Requires -Version 7.2
#Requires -Modules Az.Accounts, Az.Compute
param([switch]$Apply)

@counts@
$stopAfter = 1

function update_instance([string]$Subscription, [string]$Group, [string]$ScaleSet, [string]$Instance) {
    if (-not $Apply) {
        Write-Output "  would bring instance $Instance of $ScaleSet up to the latest model"
        return
    }
    [void](Set-AzContext -Subscription $Subscription)
    [void](Update-AzVmssInstance -ResourceGroupName $Group -VMScaleSetName $ScaleSet -InstanceId $Instance)
}

# Every instance without the latest model, one after the other.
function update_behind([string]$Subscription, [string]$Group, [string]$ScaleSet) {
    if (-not $Apply) {
        Write-Output "  would bring every instance of $ScaleSet that is behind its model up to it, one after the other"
        return
    }
    [void](Set-AzContext -Subscription $Subscription)
    $behind = Get-AzVmssVM -ResourceGroupName $Group -VMScaleSetName $ScaleSet | Where-Object { $_.LatestModelApplied -eq $false }
    foreach ($each in $behind) {
        Write-Output "  instance $($each.InstanceId)"
        update_instance $Subscription $Group $ScaleSet $each.InstanceId
    }
}
