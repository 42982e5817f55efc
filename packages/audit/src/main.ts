import { UsageError } from '@order-pipeline/command-line';
import { GatewayError } from '@order-pipeline/gateway-client';
import { createRuntime, SettingsError } from '@order-pipeline/service-kit';
import process from 'node:process';
import { auditSystem } from './audit-system.ts';
import { HELP, parseOptions, type Options } from './cli/options.ts';
import { reportLines } from './cli/print.ts';
import { openTarget, TargetError } from './cli/target.ts';
import { auditGateway } from './http/audit-gateway.ts';
import type { AuditReport } from './report.ts';

// audit:orders [options]: see HELP.

const COULD_NOT_AUDIT = 2;

const runtime = createRuntime();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const audit = async ({ url, exampleCount, limits }: Options): Promise<AuditReport> => {
  const progress = (part: string): void => say(`Checking ${part}`);
  if (url !== undefined) return auditGateway({ url, runtime, limits, exampleCount, progress });
  // oxlint-disable-next-line no-restricted-properties -- the one place where it is read
  const target = await openTarget(process.env, runtime, say);
  try {
    return await auditSystem({ ...target, runtime, limits, exampleCount, progress });
  } finally {
    await target.close();
  }
};

const run = async (): Promise<number> => {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const report = await audit(options);
  const text = options.json ? JSON.stringify(report, undefined, 2) : reportLines(report).join('\n');
  await new Promise((resolve) => process.stdout.write(`${text}\n`, resolve));
  return report.clean ? 0 : 1;
};

const main = async (): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    const isSentence = [GatewayError, SettingsError, TargetError, UsageError].some(
      (known) => error instanceof known,
    );
    const message = error instanceof Error && error.message !== '' ? error.message : String(error);
    say(isSentence ? message : `The audit could not be made: ${message}`);
    return COULD_NOT_AUDIT;
  }
};

process.exit(await main());
