export { apiGatewayService } from './service.ts';
