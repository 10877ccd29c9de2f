/** Rounding as in converters and most numeric libraries. */

/** 1.5 * 2^52: doubles around it are the integers, so adding it rounds to an integer as IEEE 754 does, ties to even. */
const SHIFT = 6755399441055744;

/** Nearest integer, ties to even (`Math.round` rounds ties up: 2.5 to 3, -1.5 to -1), for |x| below 2^51. */
export const roundHalfEven = (x: number): number => x + SHIFT - SHIFT;
