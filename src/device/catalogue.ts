/**
 * The device model named in a spec.
 *
 * `math` is the arithmetic of the devices: the kernels unless told otherwise. `scalarMath` gives the same bits.
 */
import type { DeviceSpec } from "../experiment/device.ts";
import type { CrossbarSpec } from "../experiment/hardware.ts";
import { kernelMath } from "../kernels/array-math.ts";
import type { ArrayMath } from "../numeric/array-math.ts";
import { customDrift } from "./custom-drift.ts";
import type { DeviceModel } from "./device.ts";
import { idealDevice } from "./ideal.ts";
import { withLayers } from "./layers.ts";
import { hermes } from "./le-gallo-nature-electronics-2023.ts";
import { measured } from "./measured.ts";
import { type DeviceFacts, loadedDevice, moduleFacts } from "./module.ts";
import { phaseChangeMemory } from "./nandakumar-icecs-2019.ts";
import { stateIndependent } from "./state-independent.ts";
import { resistiveMemory } from "./wan-nature-2022.ts";

/** The device as published, or as its module defines it. Throws SpecError for a module that was not loaded. */
export function deviceOfSpec(spec: DeviceSpec, math: ArrayMath = kernelMath): DeviceModel {
  switch (spec.kind) {
    case "ideal":
      return idealDevice(spec.maxConductance);
    case "pcm":
      return phaseChangeMemory(spec, math);
    case "hermes":
      return hermes(spec, math);
    case "state-independent":
      return stateIndependent(spec, math);
    case "custom-drift":
      return customDrift(spec, math);
    case "measured":
      return measured(spec, math);
    case "reram":
      return resistiveMemory(spec, math);
    case "module":
      return loadedDevice(spec);
  }
}

/** What cost asks about a device, before a crossbar places several in parallel. Throws SpecError for a module that was not loaded. */
export function deviceFacts(spec: DeviceSpec): DeviceFacts {
  if (spec.kind === "module") return moduleFacts(spec);
  const { maxConductance, devices = 1 } = deviceOfSpec(spec);
  return { maxConductance, devices };
}

/** The device as placed on a crossbar, with the crossbar's device-to-device variation and stuck devices. */
export const deviceOfCrossbar = (spec: CrossbarSpec, math: ArrayMath = kernelMath): DeviceModel =>
  withLayers(deviceOfSpec(spec.device, math), spec, math);
