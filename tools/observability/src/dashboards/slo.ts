import { RECORDED_BUDGET, recordedErrors, SLOS, type Slo } from '../slos.ts';
import { graph, type Dashboard, type Row } from './panel.ts';

const budgetLeft = ({ name }: Slo): string =>
  `1 - ${recordedErrors('3d')}{slo="${name}"} / on (slo) ${RECORDED_BUDGET}{slo="${name}"}`;

const burnRate = ({ name }: Slo, window: '5m' | '1h' | '6h'): string =>
  `${recordedErrors(window)}{slo="${name}"} / on (slo) ${RECORDED_BUDGET}{slo="${name}"}`;

const rowOf = (slo: Slo): Row => ({
  title: slo.sentence,
  panels: [
    {
      title: 'Share that fails',
      unit: 'percentunit',
      queries: (['5m', '1h', '6h'] as const).map((window) => ({
        expr: `${recordedErrors(window)}{slo="${slo.name}"}`,
        legend: window,
      })),
    },
    {
      title: 'Burn rate',
      description: '1 uses the budget up within 30 days; somebody is paged at 14.4 and at 6.',
      queries: (['5m', '1h', '6h'] as const).map((window) => ({
        expr: burnRate(slo, window),
        legend: window,
      })),
    },
    graph('Budget of three days that is left', budgetLeft(slo), slo.name, { unit: 'percentunit' }),
  ],
});

export const SLO: Dashboard = {
  uid: 'order-pipeline-slo',
  title: 'Order pipeline / SLO',
  rows: SLOS.map(rowOf),
};
