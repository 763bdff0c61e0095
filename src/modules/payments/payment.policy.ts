/** Tries to pay one order, on the server and in browsers: nobody has more cards, except who tests stolen ones. */
export const MAX_TRIES = 20;
