import { Command } from '@commander-js/extra-typings';
import { fillFolder } from '@order-pipeline/certificates';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { epochMs } from '@order-pipeline/service-kit';
import type { Cli } from '../kit/cli.ts';
import { wholeNumber } from '../kit/values.ts';

const DEFAULT_DAYS = 90;
const MAX_DAYS = 3_650;

const ALSO = `
The authority is made once, and kept. Run again, the command renews the certificates; running services take them by
themselves. For development: where there is an authority already, give each service a certificate of it whose DNS
name is that of the service.`;

/** `certificates`: what services prove themselves to one another with. */
export const createCertificatesCommand = (cli: Cli) =>
  new Command('certificates')
    .description('Make a development authority, and a certificate and a key for every service')
    .option('--out <folder>', 'where the files go: ca.crt, orders.crt, orders.key, …', '.certificates')
    .option('--days <n>', 'how long the certificates are valid', wholeNumber(1, MAX_DAYS), DEFAULT_DAYS)
    .option('--add <name...>', 'more names than those of the services, such as kafka')
    .addHelpText('after', ALSO)
    .action(async ({ out: folder, days, add = [] }) => {
      const names = [...SERVICE_NAMES, ...add];
      const isNew = await fillFolder({ folder, names, days, now: epochMs(cli.runtime) });
      const done = isNew ? 'Made an authority and' : 'Renewed';
      await cli.print(`${done} ${names.length} certificates in ${folder}, valid for ${days} days`);
    });
