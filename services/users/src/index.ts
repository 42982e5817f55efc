export { usersService } from './service.ts';
