/** A query of a panel, and how its series are named. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

export interface Panel {
  readonly title: string;
  readonly queries: readonly Query[];
  /** Grafana's name of the unit. */
  readonly unit?: string;
  /** `stat`: the last value alone. */
  readonly kind?: 'timeseries' | 'stat';
  readonly description?: string;
}

type More = Pick<Panel, 'unit' | 'description'>;

/** A panel that shows how one query goes with time. @param legend how its series are named */
export const graph = (title: string, expr: string, legend: string, more: More = {}): Panel => ({
  title,
  ...more,
  queries: [{ expr, legend }],
});

/** The same of several queries, by the names of their series. */
export const graphOf = (title: string, queries: Readonly<Record<string, string>>): Panel => ({
  title,
  queries: Object.entries(queries).map(([legend, expr]) => ({ expr, legend })),
});

/** A panel that shows the last value of a query alone. */
export const stat = (title: string, expr: string): Panel => ({ title, kind: 'stat', queries: [{ expr }] });

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** Variables that are chosen from the values of a label: their name, and the metric with the label. */
  readonly variables?: readonly { readonly name: string; readonly metric: string; readonly label: string }[];
  readonly rows: readonly Row[];
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const HEIGHT = { timeseries: 8, stat: 4 } as const;
const WIDTH = { timeseries: 8, stat: 4 } as const;

const target = ({ expr, legend = '' }: Query, index: number) => ({
  datasource: DATASOURCE,
  refId: String.fromCharCode('A'.charCodeAt(0) + index),
  expr,
  legendFormat: legend,
  // Points that lead to the traces that were measured.
  ...(expr.includes('_bucket') ? { exemplar: true } : {}),
});

const drawn = (panel: Panel, id: number, x: number, y: number) => {
  const { title, queries, unit = 'short', kind = 'timeseries', description } = panel;
  return {
    id,
    type: kind,
    title,
    ...(description === undefined ? {} : { description }),
    datasource: DATASOURCE,
    gridPos: { x, y, w: WIDTH[kind], h: HEIGHT[kind] },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: queries.map(target),
  };
};

/** Rows of panels from left to right, each row under the one before. */
const layOut = (rows: readonly Row[]) => {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      const kind = panel.kind ?? 'timeseries';
      if (x + WIDTH[kind] > COLUMNS) [x, y, height] = [0, y + height, 0];
      panels.push(drawn(panel, panels.length + 1, x, y));
      x += WIDTH[kind];
      height = Math.max(height, HEIGHT[kind]);
    }
    y += height;
  }
  return panels;
};

const variable = ({ name, metric, label }: { name: string; metric: string; label: string }) => ({
  name,
  type: 'query',
  datasource: DATASOURCE,
  query: { query: `label_values(${metric}, ${label})`, refId: name },
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

/** A dashboard as Grafana stores it. */
export const toGrafana = ({ uid, title, variables = [], rows }: Dashboard) => ({
  uid,
  title,
  tags: ['order-pipeline'],
  schemaVersion: 41,
  version: 1,
  editable: true,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
      ...variables.map(variable),
    ],
  },
  panels: layOut(rows),
});
