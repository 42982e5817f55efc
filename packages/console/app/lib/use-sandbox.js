import { useRef } from '../ui.js';
import { ask } from './api.js';
import { useAnswer } from './use-answer.js';

/** @import { Sandbox, SandboxFault } from '@order-pipeline/contracts' */

const REFRESH_MS = 1_000;
const WORKLOAD_S = 120;
export const FAULT_S = 30;

const askSandbox = /** @type {typeof ask<Sandbox>} */ (ask);

/** @param {number} perSecond */
export const placeSamples = (perSecond) =>
  askSandbox('/ops/sandbox/workload', {
    method: 'POST',
    body: perSecond === 0 ? { perSecond } : { perSecond, seconds: WORKLOAD_S },
  });

/**
 * @param {SandboxFault} fault
 * @param {boolean} on
 */
export const switchFault = (fault, on) =>
  askSandbox('/ops/sandbox/faults', { method: 'POST', body: { fault, on, seconds: FAULT_S } });

/** The sandbox, once a second while the page is looked at: as long as it is, what is on stays on. */
export const useSandbox = () => {
  const isOn = useRef(false);
  return useAnswer(
    'sandbox',
    async (signal) => {
      const { body } = isOn.current
        ? await askSandbox('/ops/sandbox/lease', { method: 'POST', signal })
        : await askSandbox('/ops/sandbox', { signal });
      isOn.current = body.workload.perSecond > 0 || body.faults.some(({ endsInMs }) => endsInMs > 0);
      return body;
    },
    { everyMs: REFRESH_MS },
  );
};
