// kafkajs's table of the errors that a broker answers with; its typings leave the file out.
declare module 'kafkajs/src/protocol/error.js' {
  interface ProtocolError {
    readonly type: string;
    readonly code: number;
    readonly retriable: boolean;
    readonly message: string;
  }
  const protocol: { readonly errorCodes: readonly ProtocolError[] };
  export default protocol;
}
