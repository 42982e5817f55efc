import { InvalidArgumentError } from '@commander-js/extra-typings';
import { MAX_QUANTITY, ordersApi, type OrderLine } from '@order-pipeline/contracts';
import { GatewayError } from '@order-pipeline/gateway-client';
import type { Cli } from '../kit/cli.ts';
import { CliError } from '../kit/cli-error.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { report } from '../kit/outcome.ts';
import { wholeNumber } from '../kit/values.ts';

const quantityIn = wholeNumber(1, MAX_QUANTITY);

const addLine = (text: string, lines: readonly OrderLine[] = []): OrderLine[] => {
  const [itemId = '', quantity = '1', ...more] = text.split('=');
  if (itemId === '' || more.length > 0)
    throw new InvalidArgumentError('It must be an item, or an item and how many: item1=2.');
  return [...lines, { itemId, quantity: quantityIn(quantity) }];
};

/** `place`: places an order. */
export const createPlaceCommand = (cli: Cli) =>
  gatewayCommand(cli, 'place', 'Place an order')
    .argument('<items...>', 'what is ordered: item1, or item1=2 for two of them', addLine)
    .requiredOption('--user <id>', 'who orders')
    .option('--order <id>', 'the id of the order; with the same id it is placed once (default: a new one)')
    .action(async (items, { user, order, ...options }) => {
      const orderId = order ?? cli.runtime.uuid();
      const body = { order: { orderId, userId: user, items: [...items] } };
      const data = await ask(openGateway(cli, options), ordersApi.placeOrder, { body }).catch(
        (error: unknown) => {
          if (!(error instanceof GatewayError)) throw error;
          throw new CliError(`${error.message}; with --order ${orderId} again, it is placed once at most`);
        },
      );
      await report(cli, options.json, { text: `${orderId} is PENDING`, data });
    });
