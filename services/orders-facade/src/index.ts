export { ordersFacadeService } from './service.ts';
