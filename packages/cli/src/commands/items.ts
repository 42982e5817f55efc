import { Command } from '@commander-js/extra-typings';
import { inventoryApi, MAX_QUANTITY, REASON_HEADER, type ShownItem } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { listText } from '../kit/list-text.ts';
import { listUpTo } from '../kit/list-up-to.ts';
import { report } from '../kit/outcome.ts';
import { reasonText, wholeNumber } from '../kit/values.ts';

const MAX_LISTED = 100_000;
const quantity = wholeNumber(1, MAX_QUANTITY);

const createAddCommand = (cli: Cli) =>
  gatewayCommand(cli, 'add', 'Add an item')
    .argument('<itemId>', 'the id of the item')
    .requiredOption('--name <name>', 'the name')
    .requiredOption('--quantity <n>', 'units in stock', quantity)
    .option('--reason <text>', 'why, for the record of what operators did', reasonText)
    .action(async (itemId, { name, quantity: availableQty, reason, ...options }) => {
      const body = { itemId, itemName: name, availableQty };
      const data = await ask(openGateway(cli, options), inventoryApi.addItem, {
        body,
        ...(reason === undefined ? {} : { headers: { [REASON_HEADER]: reason } }),
      });
      await report(cli, options.json, { text: `${itemId} is added, with ${availableQty} in stock`, data });
    });

const createRestockCommand = (cli: Cli) =>
  gatewayCommand(cli, 'restock', 'Add units to an item')
    .argument('<itemId>', 'the item')
    .argument('<quantity>', 'units that came in', quantity)
    .option('--key <key>', 'an idempotency key: under it the item is restocked once')
    .option('--reason <text>', 'why, for the record of what operators did', reasonText)
    .action(async (itemId, count, { key, reason, ...options }) => {
      const data = await ask(openGateway(cli, options), inventoryApi.restockItem, {
        params: { itemId },
        body: { quantity: count },
        headers: {
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(reason === undefined ? {} : { [REASON_HEADER]: reason }),
        },
      });
      await report(cli, options.json, { text: `${itemId} has ${data.availableQty} available`, data });
    });

const rowOf = ({ itemId, itemName, availableQty, reservedQty }: ShownItem) => [
  itemId,
  itemName,
  availableQty,
  reservedQty ?? '–',
];

const createListCommand = (cli: Cli) =>
  gatewayCommand(cli, 'list', 'List items, newest first')
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LISTED), 100)
    .action(async ({ limit, ...options }) => {
      const listed = await listUpTo(openGateway(cli, options), inventoryApi.listItems, {}, limit);
      const rows = { ...listed, entries: listed.entries.map(rowOf) };
      const text = listText('item', ['item', 'name', 'available', 'reserved'], rows);
      await report(cli, options.json, { text, data: listed.entries });
    });

/** `items`: what can be ordered. */
export const createItemsCommand = (cli: Cli) =>
  new Command('items')
    .description('Add, restock and list items')
    .addCommand(createAddCommand(cli))
    .addCommand(createRestockCommand(cli))
    .addCommand(createListCommand(cli));
