import { ordersApi, REASON_HEADER } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { report } from '../kit/outcome.ts';
import { reasonText } from '../kit/values.ts';

/** `cancel`: cancels an order while it is PENDING. */
export const createCancelCommand = (cli: Cli) =>
  gatewayCommand(cli, 'cancel', 'Cancel an order, only while it is PENDING')
    .argument('<orderId>', 'the order')
    .option('--reason <text>', "why, for the record, where it is somebody else's", reasonText)
    .action(async (orderId, { reason, ...options }) => {
      const data = await ask(openGateway(cli, options), ordersApi.cancelOrder, {
        params: { orderId },
        ...(reason === undefined ? {} : { headers: { [REASON_HEADER]: reason } }),
      });
      await report(cli, options.json, { text: `${orderId} is ${data.status}`, data });
    });
