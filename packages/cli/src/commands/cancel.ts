import { ordersApi } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { report } from '../kit/outcome.ts';

/** `cancel`: cancels an order while it is PENDING. */
export const createCancelCommand = (cli: Cli) =>
  gatewayCommand(cli, 'cancel', 'Cancel an order, only while it is PENDING')
    .argument('<orderId>', 'the order')
    .action(async (orderId, options) => {
      const data = await ask(openGateway(cli, options), ordersApi.cancelOrder, { params: { orderId } });
      await report(cli, options.json, { text: `${orderId} is ${data.status}`, data });
    });
