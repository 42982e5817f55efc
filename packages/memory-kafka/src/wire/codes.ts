import kafkajs from 'kafkajs';
import { errorCodeOf } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';

/** Kafka's code for 'the broker does not know what happened'. */
const UNKNOWN_SERVER_ERROR = -1;

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
