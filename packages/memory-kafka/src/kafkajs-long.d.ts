// kafkajs's integers of 64 bits; its typings leave the file out.
declare module 'kafkajs/src/utils/long.js' {
  export default class Long {
    /** Throws SyntaxError for a text that is no whole number. */
    static fromValue(value: bigint | number | string): Long;
    readonly value: bigint;
  }
}
