// The function app, and what it stands on: an identity, two storage accounts without keys, a vault, logs, alerts.
param name string
param location string
param alertEmail string
param instanceMemoryMB int
param archiveSku string

var unique = uniqueString(resourceGroup().id)
var roles = {
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher
}

// An identity of its own rather than the app's: its rights are there before the app first starts, and outlive it.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${name}-${unique}'
  location: location
}

// What the host of Azure Functions needs for itself: the package, the timer's lock and its last tick.
resource host 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: take('${name}h${unique}', 24)
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: 'package'
    }
  }
}

// The nights. Apart from the host's account, of which the identity is made owner: here it may write blobs in one container.
resource archive 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: take('${name}a${unique}', 24)
  location: location
  kind: 'StorageV2'
  sku: { name: archiveSku }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: {
        enabled: true
        days: 14
      }
      containerDeleteRetentionPolicy: {
        enabled: true
        days: 14
      }
    }

    resource nights 'containers' = {
      name: 'nights'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: take('${name}-${unique}', 24)
  location: location
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}-${unique}'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}-${unique}'
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

// By identity AzureWebJobsStorage asks for Storage Blob Data Owner; tables hold the host's own diagnostic events.
// https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
resource ownsHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, roles.blobOwner, identity.id)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobOwner)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource writesEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, roles.tableContributor, identity.id)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource writesNights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(archive::blobs::nights.id, roles.blobContributor, identity.id)
  scope: archive::blobs::nights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, roles.secretsUser, identity.id)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource publishesTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, roles.metricsPublisher, identity.id)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}-${unique}'
  location: location
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-${name}-${unique}'
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${host.properties.primaryEndpoints.blob}${host::blobs::package.name}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: 40 // the least that is allowed; a timer runs on one
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: [
        { name: 'AzureWebJobsStorage__accountName', value: host.name }
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: identity.properties.clientId }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insights.properties.ConnectionString }
        {
          name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
          value: 'ClientId=${identity.properties.clientId};Authorization=AAD'
        }
        { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
        {
          name: 'AUDITOR_ARCHIVE_URL'
          value: 'abfs://${archive::blobs::nights.name}@${archive.name}.dfs.${environment().suffixes.storage}'
        }
        {
          name: 'AUDITOR_MAIL_PASSWORD'
          value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=mail-password)'
        }
      ]
    }
  }
  dependsOn: [
    ownsHost
    writesEvents
    writesNights
    readsSecrets
    publishesTelemetry
  ]

  // Nobody deploys with a user name and a password.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

module alerts 'alerts.bicep' = {
  name: 'auditor-alerts'
  params: {
    name: name
    location: location
    insightsId: insights.id
    email: alertEmail
  }
}

output functionApp string = site.name
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
output vault string = vault.name
output archive string = archive.name
