/** What `xpike import` and `xpike export` say of a network, and the guard of their inputs. */
import { realpath } from "node:fs/promises";
import { FileError } from "../errors.ts";
import { isTransformer } from "../experiment/model.ts";
import type { Network } from "../model/network.ts";

/** Throws FileError if the output file is also an input, also through links. */
export async function requireNoInput(out: string, inputs: readonly string[]): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => null);
  const target = await real(out);
  if (target === null) return;
  for (const input of inputs) {
    if ((await real(input)) !== target) continue;
    throw new FileError(out, "This file is the input, which the output would overwrite. Name another file with --out.");
  }
}

export function describeNetwork({ model, parameters }: Network): string {
  const count = Object.values(parameters).reduce((total, { data }) => total + data.length, 0);
  const sizes = isTransformer(model)
    ? `width ${model.width}, depth ${model.depth}`
    : `${model.operations.length} operations`;
  return `${Object.keys(parameters).length} parameters of ${count} numbers (${model.kind}, ${sizes})`;
}
