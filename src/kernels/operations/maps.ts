/** Windows and squares of maps. Twins: `model/convolution.ts` and `model/max-pool.ts`. */

import type { WindowsOperation } from "../../model/convolution.ts";
import type { PoolOperation } from "../../model/max-pool.ts";
import { isPlain } from "../convolution.ts";
import { numbersAt } from "../held.ts";
import { BITS_OR_NUMBERS, type PassKit } from "./kit.ts";

/** The layer that reads the windows computes the gradient of the map on its way. */
export const windows: PassKit<WindowsOperation> = {
  accepts: () => BITS_OR_NUMBERS,
  plan: ({ operation }, { reads: [{ form, steps }], written }) => ({
    writes: { ...written, form, steps },
    view: isPlain(operation.size),
    scratch: 0,
    gradients: ["apart"],
  }),
  forward: ({ node, ops }, { reads: [map], writes }) => {
    const { size } = node.operation;
    if (isPlain(size)) return () => {};
    if (map.form === "bits" && writes.form === "bits") {
      const of = { map: map.bits, windows: writes.bits, size };
      return ({ prompts }) => ops.gatherBitWindows({ ...of, images: map.steps * prompts });
    }
    const of = { map: numbersAt(map), windows: numbersAt(writes), size };
    return ({ prompts }) => ops.gatherWindows({ ...of, images: map.steps * prompts });
  },
  backward: () => () => {},
};

export const pool: PassKit<PoolOperation> = {
  accepts: () => BITS_OR_NUMBERS,
  plan: (_, { reads: [{ form, steps }], written }) => ({
    writes: { ...written, form, steps },
    scratch: 0,
    needs: [0],
    gradients: ["apart"],
  }),
  forward: ({ node, ops }, { reads: [map], writes }) => {
    const { size } = node.operation;
    if (map.form === "bits" && writes.form === "bits") {
      const of = { map: map.bits, pooled: writes.bits, size };
      return ({ prompts }) => ops.poolBits({ ...of, images: map.steps * prompts });
    }
    const of = { map: numbersAt(map), pooled: numbersAt(writes), size };
    return ({ prompts }) => ops.maxPool({ ...of, images: map.steps * prompts });
  },
  backward: ({ node, ops }, { reads: [map], d, targets }) => {
    const of = { size: node.operation.size, dPooled: d, dMap: targets[0]!.at };
    if (map.form === "bits") {
      return ({ prompts }) => ops.poolBitsBackward({ ...of, map: map.bits, images: map.steps * prompts });
    }
    const source = numbersAt(map);
    return ({ prompts }) => ops.maxPoolBackward({ ...of, map: source, images: map.steps * prompts });
  },
};
