/** What Kafka answers in place of the operations that a client may carry out, where it did not ask for them. */
export const NOT_ASKED_FOR = -2_147_483_648;
