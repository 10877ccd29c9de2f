// The time steps that are measured together.

/** All numbers of steps from 1 to the last. */
export const upTo = (last) => Array.from({ length: last }, (_, t) => t + 1);
