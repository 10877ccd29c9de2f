/** How a batch is passed to either kind of network. */

import type { SpikingPass } from "../kernels/network-pass.ts";
import type { Ops } from "../kernels/ops.ts";
import type { Pass } from "../kernels/pass.ts";
import type { Batch } from "../task/task.ts";

/** Copies a batch's inputs to where the pass reads them: as spikes if the batch has spikes and the network reads them. */
export function load(ops: Ops, pass: Pass | SpikingPass, batch: Batch): void {
  ops.write(pass.inputs, batch.spikes && "draws" in pass ? batch.spikes.words : batch.values);
}

export function setDraws(pass: Pass | SpikingPass, key: readonly [number, number], firstPrompt: number): void {
  if ("draws" in pass) Object.assign(pass.draws, { key, firstPrompt });
}
