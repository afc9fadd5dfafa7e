// Who tells when the auditor cannot: a tick that failed, and a day without a night, whatever the reason was.
param name string
param location string
param insightsId string
param email string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  properties: {
    groupShortName: take(name, 12)
    enabled: true
    emailReceivers: [
      {
        name: 'auditors'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// Settings refused, nothing collected, not delivered, a crash, a tick that was stopped at its time limit.
resource failed 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${name}-tick-failed'
  location: location
  properties: {
    displayName: 'The extension audit failed'
    description: 'A tick of the auditor failed. The log of the invocation says in a sentence why, and what to try.'
    severity: 1
    enabled: true
    scopes: [insightsId]
    evaluationFrequency: 'PT30M'
    windowSize: 'PT1H'
    criteria: {
      allOf: [
        {
          query: 'requests | where tobool(success) == false | summarize count() by name'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [people.id]
    }
  }
}

// Nobody has to fail for this one: a host that does not run, a timer that does not tick, a package that is broken. The
// last record of a night that ended names its run and its exit code; one of a tick with nothing due names no run.
resource missing 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${name}-no-night'
  location: location
  properties: {
    displayName: 'No extension audit for 26 hours'
    description: 'No night has ended with a report for 26 hours. Look at the function app: whether it runs, and what its last ticks say.'
    severity: 1
    enabled: true
    scopes: [insightsId]
    evaluationFrequency: 'PT1H'
    windowSize: 'P2D'
    criteria: {
      allOf: [
        {
          query: '''
traces
| where timestamp > ago(26h)
| extend told = parse_json(message)
| where tostring(told.event) == "end" and isnotempty(tostring(told.run_id)) and toint(told.exit_code) in (0, 4, 5, 10)
| summarize nights = count()
| where nights == 0
'''
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [people.id]
    }
  }
}
