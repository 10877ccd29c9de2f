/**
 * What a chip adds to a published device: spread from device to device, and devices that are stuck. Both wrap any model.
 *
 * The published spreads are those of devices that work, programmed with verification. A `spread` s gives every device a
 * constant gain max(0, 1 + s N) on what is programmed, such as a cell whose read path differs from that of the verification.
 * A stuck device does not answer to programming: it stays at zero (open) or at `maxConductance` (shorted), with neither drift
 * nor noise. Which devices are stuck is drawn once per chip, independently of each other; real faults also come in rows and
 * columns. Sizes and shares are the user's: no publication is meant.
 */
import { type ArrayMath, scalarMath } from "../numeric/array-math.ts";
import type { DeviceLayers } from "../spec/device.ts";
import type { DeviceModel } from "./device.ts";

/** The device with both layers; the device itself where they are switched off. */
export const withLayers = (device: DeviceModel, { spread, stuck }: DeviceLayers, math = scalarMath): DeviceModel =>
  withStuck(withSpread(device, spread, math), stuck, math);

/** A gain for every device. Random: fork "device spread" of the programming stream. */
function withSpread(device: DeviceModel, spread: number, math: ArrayMath): DeviceModel {
  if (spread === 0) return device;
  return {
    ...device,
    program: (targets, random) => {
      const programmed = device.program(targets, random);
      const { conductances } = programmed;
      const gains = new Float64Array(targets.length);
      math.normals(random.fork("device spread"), gains);
      for (let i = 0; i < gains.length; i++) conductances[i] *= Math.max(0, 1 + spread * gains[i]);
      return programmed;
    },
  };
}

/** A share of stuck devices. Random: one uniform per device from fork "stuck" of the programming stream. */
function withStuck(device: DeviceModel, { atZero, atMaximum }: DeviceLayers["stuck"], math = scalarMath): DeviceModel {
  if (atZero === 0 && atMaximum === 0) return device;
  return {
    ...device,
    program: (targets, random) => {
      const programmed = device.program(targets, random);
      const stuckAt = new Float64Array(targets.length);
      math.uniforms(random.fork("stuck"), stuckAt);
      // The same draws decide at every share, so that a larger share keeps the faults of a smaller one.
      for (let i = 0; i < stuckAt.length; i++) {
        const u = stuckAt[i];
        stuckAt[i] = u < atZero ? 0 : u >= 1 - atMaximum ? device.maxConductance : Number.NaN;
      }
      replaceStuck(programmed.conductances, stuckAt);
      return { ...programmed, stuckAt };
    },
    read: (programmed, time, random, out) => {
      const read = device.read(programmed, time, random, out);
      if (programmed.stuckAt) replaceStuck(read, programmed.stuckAt);
      return read;
    },
  };
}

function replaceStuck(conductances: Float64Array, stuckAt: Float64Array): void {
  for (let i = 0; i < stuckAt.length; i++) if (!Number.isNaN(stuckAt[i])) conductances[i] = stuckAt[i];
}
