// The right to read below a whole management group, instead of subscription by subscription:
//
//   az deployment mg create --management-group-id GROUP --location westeurope --template-file management-group.bicep --parameters principalId=...
//
// The role is that of main.bicep without its data actions: Azure assigns no role with data actions on a management group
// (https://learn.microsoft.com/azure/role-based-access-control/custom-roles). What is lost is the list of versions that
// Arc-enabled servers are offered, which the report then tells as a gap.
//
// Whoever deploys needs User Access Administrator on the management group.
targetScope = 'managementGroup'

@description('Of the identity of the function app: the output principalId of main.bicep.')
param principalId string

var role = loadJsonContent('role.json')
var roleId = guid(managementGroup().id, role.Name)

resource reader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: roleId
  properties: {
    roleName: '${role.Name} (${managementGroup().name})'
    description: role.Description
    type: 'CustomRole'
    permissions: [
      {
        actions: role.Actions
        notActions: role.NotActions
      }
    ]
    assignableScopes: [managementGroup().id]
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(managementGroup().id, roleId, principalId)
  properties: {
    roleDefinitionId: reader.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
