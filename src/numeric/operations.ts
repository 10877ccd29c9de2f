/** Counted operations of receivers and decoders, for prices: each count is a real operation, a word of memory, or a gate. */

export interface Operations {
  readonly multiplications: number;
  readonly additions: number;
  readonly comparisons: number;
  /** Divisions, and square roots, which take as many steps. */
  readonly divisions: number;
  /** Reads of two neighbours in a table of f(x) = ln(1 + e^-x); interpolation between them counts as a product and two additions. */
  readonly lookups: number;
  /** Values that a rotation moves to another lane. */
  readonly rotations: number;
  /** Gates of two inputs. */
  readonly gates: number;
  /** Words of memory. */
  readonly reads: number;
  readonly writes: number;
}

const NONE: Operations = {
  multiplications: 0,
  additions: 0,
  comparisons: 0,
  divisions: 0,
  lookups: 0,
  rotations: 0,
  gates: 0,
  reads: 0,
  writes: 0,
};
const NAMES = Object.keys(NONE) as (keyof Operations)[];

/** Those given, and 0 of all others. */
export const operations = (given: Partial<Operations>): Operations => ({ ...NONE, ...given });

export const sumOperations = (...all: readonly Operations[]): Operations =>
  mapped((name) => all.reduce((total, one) => total + one[name], 0));

export const timesOperations = (count: number, one: Operations): Operations => mapped((name) => count * one[name]);

const mapped = (of: (name: keyof Operations) => number): Operations =>
  Object.fromEntries(NAMES.map((name) => [name, of(name)])) as unknown as Operations;
