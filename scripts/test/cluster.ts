import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const PROBE_TIMEOUT_MS = 10_000;

/** Whether kubectl reaches a cluster (KUBECONFIG), and helm is there. */
export const clusterAnswers = async (): Promise<boolean> => {
  const run = promisify(execFile);
  try {
    await run('kubectl', ['get', 'nodes', '--request-timeout=5s'], { timeout: PROBE_TIMEOUT_MS });
    await run('helm', ['version'], { timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
};
