/** Five machines drawn at random, with converters of 4 to 8 bits and crossbars of 32 to 512 rows, and what their clocks cost. */

import { hardwarePrices } from "../../src/cost/hardware.ts";
import { planMachine } from "../../src/cost/planned.ts";
import { findCostPreset } from "../../src/cost/presets.ts";
import { resolveTechnology } from "../../src/cost/resolve.ts";
import { findWorkload } from "../../src/cost/workloads.ts";
import { shapeOf } from "../../src/machine/shape.ts";
import { type Stream, stream } from "../../src/numeric/stream.ts";
import type { Chip } from "../../src/simulation/chip.ts";
import type { MachineSetting } from "./tiny-machine.ts";

/** Each number of bits once, and rows spread evenly on a logarithmic scale. */
export const RANDOM_MACHINES: readonly MachineSetting[] = [4, 5, 6, 7, 8].map((bits) =>
  settingOf(bits, stream(54).fork("machine", bits)),
);

function settingOf(bits: number, random: Stream): MachineSetting {
  const between = (least: number, most: number) => least + Math.floor(random.uniform() * (most - least + 1));
  const rows = Math.round(32 * 16 ** random.uniform());
  return {
    steps: 2,
    model: { width: 8, heads: 2, depth: 1 },
    hardware: {
      order: random.uniform() < 0.5 ? "token-major" : "step-major",
      crossbar: { rows, columns: between(8, 256), parallelDevices: between(1, 4) },
      adc: { bits, mode: random.uniform() < 0.5 ? "pair" : "differential", sharing: between(1, 8) },
      arithmetic: { fractionBits: bits + 2, streamBits: 16 },
    },
  };
}

/** The machine that default prices, or those of `set`, are charged for, and its pace. */
export function pricedMachine({ network, hardware }: Chip, set: Readonly<Record<string, string>> = {}) {
  const shape = shapeOf(network.model, network.geometry);
  const workload = { ...findWorkload("icl-4-256-2x2"), ...shape, hardware, embedRows: hardware.crossbar.embedRows };
  const prices = { ...hardwarePrices(hardware, shape), ...set };
  const { technology } = resolveTechnology(findCostPreset("simulated"), { set: prices });
  return planMachine(workload, technology);
}
