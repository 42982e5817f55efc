import { ANYBODY, type ErrorBody, type Input, type Operation, type Output } from '@order-pipeline/contracts';
import { cursorIn } from '@order-pipeline/gateway-client';
import {
  continueTrace,
  createHttpTransport,
  isTransient,
  type Reply,
  type Runtime,
} from '@order-pipeline/service-kit';
import { pino } from 'pino';

/** Why something could not be done, for the person who asked: one sentence. */
export class OperatorError extends Error {}

/** What operators ask of a gateway. */
export interface OperatorClient {
  /** @throws OperatorError when it refuses or does not answer */
  call<O extends Operation>(operation: O, input: Partial<Input<O>>): Promise<Output<O>>;
  /** The same of a list, with the cursor of its next page where there is one. */
  callPage<O extends Operation>(
    operation: O,
    input: Partial<Input<O>>,
  ): Promise<{ readonly body: Output<O>; readonly nextCursor: string | undefined }>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

const isRefusal = (reply: Reply): reply is Reply & { body: ErrorBody } => reply.status >= 400;

export const openOperatorClient = (
  url: string,
  token: string | undefined,
  runtime: Runtime,
): OperatorClient => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { transport, close } = createHttpTransport('api-gateway', url, TIMEOUT_MS, headers);
  const logger = pino({ level: 'silent' });
  const callWhole = async <O extends Operation>(operation: O, input: Partial<Input<O>>): Promise<Reply> => {
    const whole = { params: undefined, query: undefined, body: undefined, ...input } as Input<Operation>;
    const call = {
      requestId: runtime.uuid(),
      trace: continueTrace(undefined, runtime),
      actor: ANYBODY,
      logger,
    };
    const reply = await transport(operation, whole, call).catch((error: unknown) => {
      throw isTransient(error) ? new OperatorError(`No gateway answers at ${url}`) : error;
    });
    if (isRefusal(reply)) throw new OperatorError(reply.body.error);
    return reply;
  };
  return {
    call: async (operation, input) => (await callWhole(operation, input)).body as Output<typeof operation>,
    callPage: async (operation, input) => {
      const { body, headers: { link } = {} } = await callWhole(operation, input);
      return { body: body as Output<typeof operation>, nextCursor: cursorIn(link) };
    },
    close,
  };
};
