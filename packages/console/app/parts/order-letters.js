/** Filled by the views of dead letters. */
export const OrderLetters = () => null;
