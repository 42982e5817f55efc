import type { KafkaConfig } from 'kafkajs';
import type { Clock } from '../clock.ts';
import type { Sent } from './network.ts';

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/** Timers of Node cannot be set to more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long a client waits for an answer, in milliseconds; Infinity for as long as it takes. */
export const requestTimeoutOf = ({
  requestTimeout = DEFAULT_REQUEST_TIMEOUT_MS,
  enforceRequestTimeout = true,
}: Pick<KafkaConfig, 'requestTimeout' | 'enforceRequestTimeout'>): number =>
  enforceRequestTimeout ? requestTimeout : Infinity;

/**
 * An answer that is not there yet. Rejects with KafkaJSRequestTimeoutError where it takes more than `timeoutMs`: the request is
 * carried out nevertheless.
 */
export const inTime = <T>(answer: Promise<T>, timeoutMs: number, clock: Clock, sent: Sent): Promise<T> => {
  if (timeoutMs >= MAX_TIMER_MS) return answer;
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timeOut = (): void => {
      isLate = true;
      reject(sent.timeOut());
    };
    const cancel = clock.after(timeoutMs + 1, timeOut, true);
    const settle =
      <V>(pass: (value: V) => void) =>
      (value: V): void => {
        cancel();
        if (isLate) sent.end();
        else pass(value);
      };
    answer.then(settle(resolve), settle(reject));
  });
};
