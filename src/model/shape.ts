/**
 * Guards on array lengths, shared by the layers: a wrong length is reported with its arithmetic instead of being read as zeros.
 */
import { ShapeError } from "../errors.ts";

/** Throws ShapeError unless `length` is the product of the named sizes. */
export function expectShape(path: string, length: number, shape: Readonly<Record<string, number>>): void {
  const sizes = Object.entries(shape);
  const product = sizes.reduce((all, [, size]) => all * size, 1);
  if (length !== product) {
    const factors = sizes.map(([name, size]) => `${size} ${name}`).join(" x ");
    throw new ShapeError(path, `${path} should hold ${factors} = ${product} values, but holds ${length}.`);
  }
}

/** length / divisor; throws ShapeError unless it is an integer. */
export function expectMultiple(path: string, length: number, divisor: number): number {
  if (length % divisor !== 0) {
    throw new ShapeError(path, `${path} holds ${length} values, which is not a multiple of ${divisor}.`);
  }
  return length / divisor;
}
