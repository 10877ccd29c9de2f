/** A device that holds exactly its target conductance: the reference for all other models. */
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
