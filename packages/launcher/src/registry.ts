import { apiGatewayService } from '@order-pipeline/api-gateway';
import type { ServiceName } from '@order-pipeline/contracts';
import { deliveryService } from '@order-pipeline/delivery';
import { inventoryService } from '@order-pipeline/inventory';
import { ordersService } from '@order-pipeline/orders';
import { ordersFacadeService } from '@order-pipeline/orders-facade';
import type { Service } from '@order-pipeline/service-kit';
import { shippingService } from '@order-pipeline/shipping';
import { usersService } from '@order-pipeline/users';
import { workflowService } from '@order-pipeline/workflow';

/** Every service there is. What a process starts, checks and connects is derived from what they say of themselves. */
export const SERVICES: Readonly<Record<ServiceName, Service>> = {
  users: usersService,
  inventory: inventoryService,
  orders: ordersService,
  workflow: workflowService,
  shipping: shippingService,
  delivery: deliveryService,
  'orders-facade': ordersFacadeService,
  'api-gateway': apiGatewayService,
};
