/**
 * A chip: a mapped network whose crossbars have been programmed.
 *
 * Programming is drawn once per chip, so several chips differ as chips of a wafer would; reading is drawn at every
 * simulation. A chip is never changed: `calibrate` returns one with converter ranges set.
 */
import { deviceOfSpec } from "../device/catalogue.ts";
import type { DeviceModel } from "../device/device.ts";
import { type CrossbarReading, type ProgrammedCrossbar, programCrossbar, readCrossbar } from "../hardware/crossbar.ts";
import type { CrossbarBlock, Mapping } from "../mapping/mapping.ts";
import type { Network, Tensor } from "../model/network.ts";
import type { Stream } from "../numeric/stream.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import type { SpikingSpec } from "../spec/model.ts";

export interface Chip {
  readonly network: Network<SpikingSpec>;
  readonly mapping: Mapping;
  readonly hardware: HardwareSpec;
  readonly device: DeviceModel;
  /** By crossbar number of the mapping. */
  readonly crossbars: readonly ProgrammedCrossbar[];
  /** Full scale of each crossbar's converters, microsiemens; null until calibrated. */
  readonly ranges: Float64Array | null;
}

/** Programs every crossbar. Random: crossbar c uses `random.fork("programming", c)`, so the order does not matter. */
export function programChip(
  network: Network<SpikingSpec>,
  mapping: Mapping,
  hardware: HardwareSpec,
  random: Stream,
): Chip {
  const device = deviceOfSpec(hardware.crossbar.device);
  const crossbars: ProgrammedCrossbar[] = [];
  for (const layer of mapping.layers) {
    const weight = network.parameters[`${layer.name}.weight`];
    for (const block of layer.blocks) {
      crossbars[block.crossbar] = programCrossbar(
        cutBlock(weight, layer.outputs, block),
        block.rows,
        block.columns,
        hardware.crossbar,
        device,
        random.fork("programming", block.crossbar),
      );
    }
  }
  return { network, mapping, hardware, device, crossbars, ranges: null };
}

/** Reads all crossbars at the spec's read time. Random: crossbar c uses `random.fork("read", c)`. */
export function readChip({ crossbars, device, hardware }: Chip, random: Stream): CrossbarReading[] {
  return crossbars.map((crossbar, c) => readCrossbar(crossbar, device, hardware.readTime, random.fork("read", c)));
}

/** A block of a weight matrix, `[rows, columns]`. */
function cutBlock(weight: Tensor, outputs: number, block: CrossbarBlock): Float32Array {
  const cut = new Float32Array(block.rows * block.columns);
  for (let r = 0; r < block.rows; r++) {
    const from = (block.rowStart + r) * outputs + block.columnStart;
    cut.set(weight.data.subarray(from, from + block.columns), r * block.columns);
  }
  return cut;
}
