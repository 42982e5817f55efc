import kafkajs from 'kafkajs';
import { errorCodeOf } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';

/** Kafka's code for 'the broker does not know what happened'. */
const UNKNOWN_SERVER_ERROR = -1;

/** Newer requests have a code of its own (PRODUCER_FENCED) for a producer whose transactional id was taken over; kafkajs has no name for it. */
const PRODUCER_FENCED = 90;

/** The code of a refusal in the version of a request that knows PRODUCER_FENCED, or does not. */
export const fencedIn = (isKnown: boolean, code: number): number =>
  isKnown && code === errorCodeOf('INVALID_PRODUCER_EPOCH') ? PRODUCER_FENCED : code;

/** The code of what was thrown; rethrows what is no refusal, such as a connection that is gone. */
export const codeOf = (thrown: unknown): number => {
  if (thrown instanceof kafkajs.KafkaJSProtocolError) return thrown.code;
  if (thrown instanceof kafkajs.KafkaJSError) throw thrown;
  return UNKNOWN_SERVER_ERROR;
};

/** 0 if there is no refusal. */
export const codeOfType = (type: ProtocolErrorType | undefined): number =>
  type === undefined ? 0 : errorCodeOf(type);

/** 0, or the code of what `run` throws. */
export const attempt = (run: () => void): number => {
  try {
    run();
    return 0;
  } catch (error) {
    return codeOf(error);
  }
};
