import { ALERT_GROUPS, runbookOf, type Alert } from './alerts.ts';
import { RECORDED_BUDGET, recordedErrors, SLOS, WINDOWS } from './slos.ts';

/** What a test may make quicker than it is in production. */
export interface Pace {
  readonly scrapeInterval: string;
  /** Instead of the time that each alert has to hold. */
  readonly holdFor?: string;
}

export const LIFE: Pace = { scrapeInterval: '15s' };

const recordingRules = () =>
  SLOS.flatMap(({ name, budget, errors }) => [
    { record: RECORDED_BUDGET, expr: `vector(${budget})`, labels: { slo: name } },
    ...WINDOWS.map((window) => ({
      record: recordedErrors(window),
      expr: errors(window),
      labels: { slo: name },
    })),
  ]);

const alertRule = (alert: Alert, { holdFor }: Pace) => ({
  alert: alert.name,
  expr: alert.expr,
  for: holdFor ?? alert.for,
  labels: { severity: alert.severity },
  annotations: { summary: alert.summary, runbook_url: runbookOf(alert.name) },
});

/** Recording and alert rules, as Prometheus reads them. */
export const createRules = (pace: Pace) => ({
  groups: [
    { name: 'slo-records', rules: recordingRules() },
    ...Object.entries(ALERT_GROUPS).map(([name, alerts]) => ({
      name,
      rules: alerts.map((alert) => alertRule(alert, pace)),
    })),
  ],
});
