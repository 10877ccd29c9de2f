/** A network small enough for finite differences, with every parameter away from its neutral initial value. */
import type { ModelSpec } from "../../src/experiment/model.ts";
import type { Geometry } from "../../src/model/geometry.ts";
import { initialise, type Network, type Tensor } from "../../src/model/network.ts";
import { stream } from "../../src/numeric/stream.ts";

/**
 * Two context pairs and a last query: queries at tokens 0, 2, 4, contexts at 1 and 3; tokens attend to earlier contexts, so token
 * 0 attends to none.
 */
export const tinyGeometry: Geometry = {
  inputs: 6,
  tokens: 5,
  classes: 3,
  mask: Uint8Array.from({ length: 25 }, (_, ij) => {
    const [i, j] = [Math.floor(ij / 5), ij % 5];
    return j % 2 === 1 && j < i ? 1 : 0;
  }),
  queries: Int32Array.of(0, 2, 4),
};

/** An encoder of the same size: every token sees every token, and the answer is the mean over all of them. */
export const meanGeometry: Geometry = {
  ...tinyGeometry,
  mask: new Uint8Array(25).fill(1),
  queries: Int32Array.of(4),
  readOut: "mean",
};

/** Like `tinyGeometry`, with the second query in two tokens and the third in three: tokens q1 c1 q2 q2 c2 q3 q3 q3. */
export const copiesGeometry: Geometry = {
  ...tinyGeometry,
  tokens: 8,
  mask: Uint8Array.from({ length: 64 }, (_, ij) => {
    const [i, j] = [Math.floor(ij / 8), ij % 8];
    return (j === 1 || j === 4) && j < i ? 1 : 0;
  }),
  queries: Int32Array.of(0, 2, 5),
  copies: Int32Array.of(1, 2, 3),
};

export function tinyNetwork<M extends ModelSpec>(model: M, seed: number, geometry = tinyGeometry): Network<M> {
  const network = initialise(model, geometry, stream(seed).fork("initial"));
  const parameters: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(network.parameters)) {
    const draws = stream(seed).fork("move", name);
    const move = (x: number) => {
      if (name.endsWith(".variance")) return 0.5 + draws.uniform();
      return name.endsWith(".weight") ? x : x + 0.3 * draws.normal();
    };
    parameters[name] = { shape, data: data.map(move) };
  }
  return { ...network, parameters };
}

/** Bits that are 1 with probability 0.4. */
export function tinyBits(steps: number, prompts: number, seed: number, tokens = tinyGeometry.tokens): Float64Array {
  const draws = stream(seed);
  const size = steps * prompts * tokens * tinyGeometry.inputs;
  return new Float64Array(size).map(() => (draws.uniform() < 0.4 ? 1 : 0));
}
