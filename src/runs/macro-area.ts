/** The area of an analog macro as the cost model prices it at 45 nm: its cells, drivers and converters. */
import { findCostPreset } from "../cost/presets.ts";
import { crossbar } from "../cost/prices/crossbar.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { devicesPerConductance } from "../hardware/crossbar.ts";
import type { MacroArea } from "../rtl/kit/macro-views.ts";

export function macroArea(hardware: HardwareSpec): MacroArea {
  const { technology } = resolveTechnology(findCostPreset("simulated"));
  const { bits, trim } = hardware.adc;
  const devices = devicesPerConductance(hardware.crossbar);
  return (rows, columns, converters) =>
    crossbar({ rows, columns, bits: bits ?? 5, converters, devices, trimBits: trim?.bits ?? 0 }, technology).area;
}
