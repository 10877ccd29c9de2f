// Time steps that are measured together.

/** All from the first to the last. */
export const upTo = (last) => Array.from({ length: last }, (_, t) => t + 1);
