/** A device that keeps exactly the conductance it was asked for: the yardstick of all other models. */
import type { DeviceModel } from "./device.ts";

export function idealDevice(maxConductance: number): DeviceModel {
  return {
    name: "ideal devices",
    source: "exact conductances",
    maxConductance,
    program: (targets) => ({ conductances: targets.slice() }),
    read: ({ conductances }, _time, _random, out = new Float64Array(conductances.length)) => {
      out.set(conductances);
      return out;
    },
  };
}
