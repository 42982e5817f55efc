export { CONTENT_SECURITY_POLICY, readConsole, type ConsoleFile, type ConsoleSite } from './site.ts';
