// Starts the system: the arguments are the services to run, none for all of them. Node 22.18 and newer take TypeScript as it
// is; older ones need tsx, in this very process, so that signals reach the system itself.
import process from 'node:process';

if (!process.features.typescript) (await import('tsx/esm/api')).register();
await import('../packages/launcher/src/main.ts');
