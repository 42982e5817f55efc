import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { shareReadiness, type Health } from '../health.ts';
import { renderMetrics } from '../metrics-text.ts';
import type { Runtime } from '../runtime.ts';

interface ProbeParts {
  readonly health: Health;
  readonly registry: Registry;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  /** Whether the metrics are asked for here; default: yes. */
  readonly servesMetrics?: boolean;
}

/** What orchestrators and monitoring ask. */
export const addProbes = (server: FastifyInstance, parts: ProbeParts): void => {
  const { health, registry, runtime, servesMetrics = true } = parts;
  const askReadiness = shareReadiness(health, runtime);
  // They stay out of the OpenAPI document: it is for clients.
  const hidden = { schema: { hide: true } as object };
  server.get('/health/live', hidden, async () => ({ status: 'live' }));
  server.get('/health/ready', hidden, async (_, reply) => {
    const readiness = await askReadiness();
    if (readiness.status !== 'ready') reply.code(503).header('retry-after', '1');
    return readiness;
  });
  if (!servesMetrics) return;
  server.get('/metrics', hidden, async ({ headers }, reply) => {
    const { contentType, text } = await renderMetrics(registry, headers.accept);
    reply.type(contentType).header('vary', 'accept');
    return text;
  });
};
