import { KAFKA } from './kafka.ts';
import { OVERVIEW } from './overview.ts';
import type { Dashboard } from './panel.ts';
import { POSTGRESQL } from './postgresql.ts';
import { SERVICE } from './service.ts';
import { SLO } from './slo.ts';

export { toGrafana } from './panel.ts';

/** Every dashboard, by the name of its file. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  overview: OVERVIEW,
  service: SERVICE,
  kafka: KAFKA,
  postgresql: POSTGRESQL,
  slo: SLO,
};
