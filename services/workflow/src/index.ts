export { workflowService } from './service.ts';
