/** The device model that a spec names. */
import type { DeviceSpec } from "../spec/hardware.ts";
import type { DeviceModel } from "./device.ts";
import { idealDevice } from "./ideal.ts";
import { phaseChangeMemory } from "./nandakumar-icecs-2019.ts";

export function deviceOfSpec(spec: DeviceSpec): DeviceModel {
  switch (spec.kind) {
    case "ideal":
      return idealDevice(spec.maxConductance);
    case "pcm":
      return phaseChangeMemory(spec);
  }
}
