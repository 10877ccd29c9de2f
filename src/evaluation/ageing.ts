/**
 * Many chips that age together, by a quantity cheap enough for a hundred of them: the error of the weights that a tile's conductances
 * represent when they are read, relative to the weights that were to be stored,
 *
 *   error = sqrt(sum (read - stored)^2 / sum stored^2)
 *
 * Chip i of an experiment draws its devices from `random.fork("chip", i)`, so the first is the chip that a run evaluates first. Programming
 * noise, read noise, drift and its compensation act as in a simulation; converters and the network's answers are left out.
 */
import { compensationSpec } from "../experiment/compensation.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { cutBlock } from "../hardware/blocks.ts";
import { weightsByLine } from "../hardware/line-order.ts";
import type { LayerMapping } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import { type Chip, chipAt, type MappedNetwork, programChip, readCrossbars } from "../simulation/chip.ts";

/** The first tile of a layer on many chips. */
export interface AgeingChips {
  readonly chips: readonly Chip[];
  /** Programmed weights by crossbar, `[rows, columns]`. */
  readonly stored: ReadonlyMap<number, Float32Array>;
  readonly random: Stream;
}

/**
 * @param random of the experiment
 * Random   as `programChip`, by chip
 */
export function ageingChips(mapped: MappedNetwork, layer: LayerMapping, count: number, random: Stream): AgeingChips {
  const { network, mapping, hardware } = mapped;
  const { tile } = layer.blocks[0];
  const one = { ...layer, blocks: layer.blocks.filter((block) => block.tile === tile) };
  const placed = { ...mapping, layers: [one] };
  const weights = weightsByLine(network.parameters[`${layer.name}.weight`].data, layer.outputs, layer);
  return {
    chips: Array.from({ length: count }, (_, i) => programChip(network, placed, hardware, random.fork("chip", i))),
    stored: new Map(one.blocks.map((block) => [block.crossbar, cutBlock(weights, layer.outputs, block)])),
    random,
  };
}

/**
 * The error of each chip.
 *
 * Random   as `readChip` of the chip's stream, forked at `run`
 * Throws   as `readChip`
 */
export function weightErrors({ chips, stored, random }: AgeingChips, readTime: number): Float64Array {
  return Float64Array.from(chips, (chip, i) => {
    let [off, all] = [0, 0];
    for (const [crossbar, { weights }] of readCrossbars(chipAt(chip, readTime), random.fork("chip", i).fork("run"))) {
      const wanted = stored.get(crossbar)!;
      for (let k = 0; k < wanted.length; k++) {
        off += (weights[k] - wanted[k]) ** 2;
        all += wanted[k] ** 2;
      }
    }
    return Math.sqrt(off / all);
  });
}

/** A machine's hardware with drift compensation, its own or one factor per crossbar if it has none, or without any. */
export function compensatedHardware(hardware: HardwareSpec, compensated: boolean): HardwareSpec {
  const { compensation } = hardware;
  const own = compensation.scope === "none" ? compensationSpec.parse({ scope: "crossbar" }) : compensation;
  return { ...hardware, compensation: compensated ? own : { ...compensation, scope: "none" } };
}
