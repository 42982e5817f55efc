import { PROVING_READS } from '@order-pipeline/contracts';
import { checkDependencies, defineService, wholeNumber } from '@order-pipeline/service-kit';
import { z } from 'zod';
import { addConsole } from './console.ts';
import { addDocs } from './docs.ts';
import { addOperatorGuard } from './operators.ts';
import { addRateLimit } from './rate-limit.ts';
import { createGatewayRoutes } from './routes.ts';

const MAX_RATE = 1_000_000;
const RATE_RULE = `must be a whole number of requests a second from 1 to ${MAX_RATE}, or off`;

/** The only public entry: it limits, documents and forwards every call to the facade. */
export const apiGatewayService = defineService({
  name: 'api-gateway',
  settings: z.object({
    /** Requests a second and client address. */
    RATE_LIMIT: z
      .union([z.literal('off'), wholeNumber(1, MAX_RATE, RATE_RULE)], { error: RATE_RULE })
      .default(1_000),
    /** What operators prove themselves with; unset: whoever is on this machine, while nobody else is listened to. */
    OPERATOR_TOKEN: z
      .string()
      .regex(/^[\x21-\x7e]{16,200}$/, 'must have 16 to 200 characters, without spaces')
      .optional(),
  }),
  usesKafka: false,
  dependsOn: ['orders-facade'],
  callTimeoutMs: 1_900,
  start: async (context) => {
    const { RATE_LIMIT: perSecond, OPERATOR_TOKEN: operatorToken } = context.settings;
    checkDependencies(context, [{ service: 'orders-facade', reads: PROVING_READS }]);
    return {
      routes: createGatewayRoutes(context.clients),
      configureServer: async (server) => {
        if (perSecond !== 'off') addRateLimit(server, perSecond, context.runtime);
        addOperatorGuard(server, operatorToken, context.runtime);
        await addDocs(server);
        addConsole(server);
      },
    };
  },
});
