/**
 * What a chip adds to a published device: device-to-device variation, stuck devices, and several devices in parallel per
 * conductance. Each layer wraps any model.
 *
 * The published spreads describe working devices programmed with verification. A `spread` s gives every device a constant gain
 * max(0, 1 + s N) on its programmed conductance, for example because the read path of a cell differs from its verification
 * path. A stuck device does not respond to programming: it stays at zero (open) or at `maxConductance` (shorted), without drift
 * or noise. Stuck devices are drawn once per chip, independently of each other; real faults also occur in whole rows and
 * columns. Magnitudes and fractions are the user's and follow no publication.
 *
 * With `parallelDevices` n, n devices in parallel hold one conductance. Each holds one n-th, with its own errors, variation,
 * faults, drift and noise, and their currents add:
 *
 *   g = g_1 + ... + g_n,  g_i programmed to g_target / n
 *
 * so g_max is n times as large, and independent errors relative to it shrink by the square root of n. Several devices per
 * weight: I. Boybat, M. Le Gallo, S. R. Nandakumar et al., "Neuromorphic computing with multi-memristive synapses", Nature
 * Communications 9, 2514 (2018), DOI 10.1038/s41467-018-04933-y. Left out: programming one device to compensate the error of
 * the others, as the HERMES chip does with its two (`le-gallo-nature-electronics-2023.ts`).
 */
import type { DeviceLayers } from "../experiment/device.ts";
import { type ArrayMath, scalarMath } from "../numeric/array-math.ts";
import type { DeviceModel } from "./device.ts";

/** The device with all layers applied; the device itself when all are switched off. */
export const withLayers = (
  device: DeviceModel,
  { spread, stuck, parallelDevices }: DeviceLayers,
  math = scalarMath,
): DeviceModel => inParallel(withStuck(withSpread(device, spread, math), stuck, math), parallelDevices);

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

/** A fraction of stuck devices. Random: one uniform per device from fork "stuck" of the programming stream. */
function withStuck(device: DeviceModel, { atZero, atMaximum }: DeviceLayers["stuck"], math = scalarMath): DeviceModel {
  if (atZero === 0 && atMaximum === 0) return device;
  return {
    ...device,
    program: (targets, random) => {
      const programmed = device.program(targets, random);
      const stuckAt = new Float64Array(targets.length);
      math.uniforms(random.fork("stuck"), stuckAt);
      // The same draws decide at every fraction, so a larger fraction keeps the faults of a smaller one.
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

/** Several devices per conductance. Random: forks "parallel", i of the programming and reading streams. */
function inParallel(device: DeviceModel, count: number): DeviceModel {
  if (count === 1) return device;
  return {
    ...device,
    name: `${device.name}, ${count} side by side for a conductance`,
    maxConductance: count * device.maxConductance,
    devices: count * (device.devices ?? 1),
    program: (targets, random) => {
      // A copy, because every device may keep its targets.
      const share = () => targets.map((target) => target / count);
      const parallel = Array.from({ length: count }, (_, i) => device.program(share(), random.fork("parallel", i)));
      const conductances = new Float64Array(targets.length);
      for (const one of parallel) add(one.conductances, conductances);
      return { conductances, parallel };
    },
    read: ({ conductances, parallel }, time, random, out = new Float64Array(conductances.length)) => {
      out.fill(0);
      for (const [i, one] of parallel!.entries()) add(device.read(one, time, random.fork("parallel", i)), out);
      return out;
    },
  };
}

function add(conductances: Float64Array, sums: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] += conductances[i];
}

function replaceStuck(conductances: Float64Array, stuckAt: Float64Array): void {
  for (let i = 0; i < stuckAt.length; i++) if (!Number.isNaN(stuckAt[i])) conductances[i] = stuckAt[i];
}
