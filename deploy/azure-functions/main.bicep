// The whole night in one function app: a resource group with everything that it takes, and the right to read, and
// nothing else, in each subscription that is audited.
//
//   az deployment sub create --location westeurope --template-file main.bicep --parameters alertEmail=you@example.com
//
// Whoever deploys needs Owner (or Contributor and User Access Administrator) on this subscription, and User Access
// Administrator on each audited one.
targetScope = 'subscription'

@description('The beginning of every name: lower case letters and digits.')
@minLength(3)
@maxLength(10)
param name string = 'auditor'

@description('The region. Flex Consumption must be offered there: az functionapp list-flexconsumption-locations')
param location string = deployment().location

param resourceGroupName string = 'rg-${name}'

@description('Ids of the subscriptions that are audited. Empty where management-group.bicep gives the right to read.')
param auditedSubscriptions array = [subscription().subscriptionId]

@description('Who is told when a night could not be.')
param alertEmail string

@description('Of the instance that the night runs on, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Of the archive. In regions with zones Standard_ZRS survives the loss of one.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param archiveSku string = 'Standard_LRS'

// As auditor doctor --role prints it for your configuration.
var role = loadJsonContent('role.json')
var roleId = guid(subscription().id, role.Name)

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: resourceGroupName
  location: location
}

module app 'app.bicep' = {
  name: 'auditor-app'
  scope: group
  params: {
    name: name
    location: location
    alertEmail: alertEmail
    instanceMemoryMB: instanceMemoryMB
    archiveSku: archiveSku
  }
}

resource reader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (!empty(auditedSubscriptions)) {
  name: roleId
  properties: {
    roleName: role.Name
    description: role.Description
    type: 'CustomRole'
    permissions: [
      {
        actions: role.Actions
        notActions: role.NotActions
        dataActions: role.DataActions
        notDataActions: role.NotDataActions
      }
    ]
    // The subscription that holds the definition is among them: Azure takes it at no other scope.
    assignableScopes: union([subscription().id], map(auditedSubscriptions, id => '/subscriptions/${id}'))
  }
}

module audited 'audited.bicep' = [for id in auditedSubscriptions: {
  name: 'auditor-reads-${id}'
  scope: subscription(id)
  params: {
    roleId: roleId
    principalId: app.outputs.principalId
  }
  dependsOn: [
    reader
  ]
}]

output resourceGroup string = group.name
output functionApp string = app.outputs.functionApp
output principalId string = app.outputs.principalId
output clientId string = app.outputs.clientId
output vault string = app.outputs.vault
output archive string = app.outputs.archive
