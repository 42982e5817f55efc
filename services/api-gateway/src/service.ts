import { PROVING_READS } from '@order-pipeline/contracts';
import {
  checkDependencies,
  defineService,
  wholeNumber,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { z } from 'zod';
import { startAudits } from './audits.ts';
import { addConsole } from './console.ts';
import { addDocs } from './docs.ts';
import { openDevIssuer } from './access/dev-issuer.ts';
import { addAccessGuard } from './access/guard.ts';
import { createKeys } from './access/keys.ts';
import { accessSettings, checkAccessSettings, issuerIn, refusalOfHost } from './access/settings.ts';
import { createTokens } from './access/tokens.ts';
import { startOverview } from './overview/index.ts';
import { addRateLimit } from './rate-limit.ts';
import { createGatewayRoutes } from './routes.ts';
import { startSandbox } from './sandbox/index.ts';
import { createBatchedReads, createOrderEventsRoutes, startWaiters } from './waiting/index.ts';

const MAX_RATE = 1_000_000;
const RATE_RULE = `must be a whole number of requests a second from 1 to ${MAX_RATE}, or off`;

const settings = z
  .object({
    /** Requests a second and client address. */
    RATE_LIMIT: z
      .union([z.literal('off'), wholeNumber(1, MAX_RATE, RATE_RULE)], { error: RATE_RULE })
      .default(1_000),
    /** What operators prove themselves with; unset: any client on this machine, while the gateway listens only there. */
    OPERATOR_TOKEN: z
      .string()
      .regex(/^[\x21-\x7e]{16,200}$/, 'must have 16 to 200 characters, without spaces')
      .optional(),
    ...accessSettings,
  })
  .superRefine(checkAccessSettings);

const OPEN_WARNING =
  'access control is off: every client that reaches this gateway may ask everything; set AUTH_ISSUER to change that';

const DEV_ISSUER_WARNING =
  'the development issuer is on: a process that can read DATA_DIR can act as any user; set AUTH_ISSUER where that matters';

type Context = ServiceContext<z.infer<typeof settings>>;

/** How requests are authenticated, by the settings. */
const openAccess = async ({ settings: set, runtime, logger, fetch }: Context) => {
  if (set.AUTH === 'off') logger.warn(OPEN_WARNING);
  const remote = issuerIn(set);
  if (remote) return { tokens: createTokens(remote, createKeys(remote, { runtime, fetch }), runtime) };
  if (set.AUTH_DEV_ISSUER === undefined) return {};
  logger.warn(DEV_ISSUER_WARNING);
  const devIssuer = await openDevIssuer(set.DATA_DIR, runtime);
  return { tokens: createTokens(devIssuer.issuer, devIssuer.keys, runtime), devIssuer };
};

/** The only public entry: it limits, documents and forwards every call to the facade. */
export const apiGatewayService = defineService({
  name: 'api-gateway',
  settings,
  refusesHost: (set, host) => refusalOfHost(set, host),
  usesKafka: false,
  dependsOn: ['orders-facade'],
  callTimeoutMs: 1_900,
  start: async (context) => {
    const { RATE_LIMIT: perSecond, OPERATOR_TOKEN: operatorToken, AUTH } = context.settings;
    const { tokens, devIssuer } = await openAccess(context);
    checkDependencies(context, [{ service: 'orders-facade', reads: PROVING_READS }]);
    const waiters = startWaiters(context);
    const reads = createBatchedReads(context);
    const overview = startOverview(context);
    const sandbox = context.embedded && startSandbox(context, context.embedded);
    const audits = context.embedded && startAudits(context, context.embedded);
    const own = [...overview.routes, ...createOrderEventsRoutes(context, waiters, reads)];
    return {
      routes: [
        ...createGatewayRoutes(context, { waiters, reads }, own),
        ...(sandbox?.routes ?? []),
        ...(audits?.routes ?? []),
      ],
      configureServer: async (server) => {
        // Before the server waits for the requests in flight.
        server.addHook('preClose', async () => {
          waiters.stop();
          overview.stop();
          sandbox?.stop();
          audits?.stop();
        });
        if (perSecond !== 'off') addRateLimit(server, perSecond, context.runtime);
        addAccessGuard(server, { tokens, isOff: AUTH === 'off', operatorToken, runtime: context.runtime });
        devIssuer?.addRoutes(server);
        await addDocs(server, {
          issuer: devIssuer ? 'development' : tokens && 'remote',
          hasOperatorToken: operatorToken !== undefined,
        });
        addConsole(server, { isEmbedded: context.embedded !== undefined });
      },
    };
  },
});
