// What logs a client of kafkajs in; its typings leave the file out.
declare module 'kafkajs/src/broker/saslAuthenticator/index.js' {
  import type { Logger, SASLOptions } from 'kafkajs';

  export interface SaslRequest {
    readonly apiName: 'SaslHandshake' | 'SaslAuthenticate';
    encode(): Promise<{ readonly buffer: Buffer }>;
  }

  export interface SaslResponse {
    decode(bytes: Buffer): Promise<unknown>;
    /** Rejects with the refusal, if it is one. */
    parse(decoded: unknown): Promise<unknown>;
  }

  export default class SaslAuthenticator {
    constructor(
      connection: {
        readonly sasl: SASLOptions;
        readonly host: string;
        readonly port: number;
        send(message: { request: SaslRequest; response: SaslResponse }): Promise<unknown>;
      },
      logger: Logger,
      versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>,
      supportsAuthenticate: boolean,
    );
    /** Milliseconds after which the broker wants another login; '0' for never. */
    readonly sessionLifetime: string;
    /** Rejects with KafkaJSSASLAuthenticationError, or the broker's refusal of the handshake. */
    authenticate(): Promise<void>;
  }
}
