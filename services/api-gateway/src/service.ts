import { PROVING_READS } from '@order-pipeline/contracts';
import { checkDependencies, defineService, isLoopbackHost, wholeNumber } from '@order-pipeline/service-kit';
import { z } from 'zod';
import { addConsole } from './console.ts';
import { addDocs } from './docs.ts';
import { addAccessGuard } from './access/guard.ts';
import { createKeys } from './access/keys.ts';
import { accessSettings, checkAccessSettings, issuerIn } from './access/settings.ts';
import { createTokens } from './access/tokens.ts';
import { addRateLimit } from './rate-limit.ts';
import { createGatewayRoutes } from './routes.ts';
import { startWaiters } from './waiting/index.ts';

const MAX_RATE = 1_000_000;
const RATE_RULE = `must be a whole number of requests a second from 1 to ${MAX_RATE}, or off`;

const settings = z
  .object({
    /** Requests a second and client address. */
    RATE_LIMIT: z
      .union([z.literal('off'), wholeNumber(1, MAX_RATE, RATE_RULE)], { error: RATE_RULE })
      .default(1_000),
    /** What operators prove themselves with; unset: whoever is on this machine, while nobody else is listened to. */
    OPERATOR_TOKEN: z
      .string()
      .regex(/^[\x21-\x7e]{16,200}$/, 'must have 16 to 200 characters, without spaces')
      .optional(),
    ...accessSettings,
  })
  .superRefine(checkAccessSettings);

const OPEN_WARNING =
  'access control is off: whoever reaches this gateway may ask everything; set AUTH_ISSUER to change that';

/** The only public entry: it limits, documents and forwards every call to the facade. */
export const apiGatewayService = defineService({
  name: 'api-gateway',
  settings,
  refusesHost: ({ AUTH, AUTH_ISSUER }, host) =>
    AUTH === 'off' || AUTH_ISSUER !== undefined || isLoopbackHost(host)
      ? undefined
      : `AUTH_ISSUER must be set while HOST is not a loopback address, or AUTH=off to let everybody ask everything`,
  usesKafka: false,
  dependsOn: ['orders-facade'],
  callTimeoutMs: 1_900,
  start: async (context) => {
    const { RATE_LIMIT: perSecond, OPERATOR_TOKEN: operatorToken, AUTH } = context.settings;
    const issuer = issuerIn(context.settings);
    const tokens = issuer && createTokens(issuer, createKeys(issuer), context.runtime);
    if (AUTH === 'off') context.logger.warn(OPEN_WARNING);
    checkDependencies(context, [{ service: 'orders-facade', reads: PROVING_READS }]);
    const waiters = startWaiters(context);
    return {
      routes: createGatewayRoutes(context.clients, waiters),
      configureServer: async (server) => {
        // Before the server waits for the requests in flight.
        server.addHook('preClose', async () => waiters.stop());
        if (perSecond !== 'off') addRateLimit(server, perSecond, context.runtime);
        addAccessGuard(server, { tokens, isOff: AUTH === 'off', operatorToken, runtime: context.runtime });
        await addDocs(server, {
          hasIssuer: issuer !== undefined,
          hasOperatorToken: operatorToken !== undefined,
        });
        addConsole(server);
      },
    };
  },
});
