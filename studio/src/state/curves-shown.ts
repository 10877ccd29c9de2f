/** What is said of the measured curves on the machine shown. Reading tables is in curves.ts, which loads with the first. */
import { computed, signal } from "@preact/signals";
import type { readMeasuredCurves } from "xpikeformer/internal";
import { experiment } from "./studio.ts";

interface Read extends ReturnType<typeof readMeasuredCurves> {
  /** Names of the files. */
  readonly from: string;
}

/** The newest tables; null before the first. */
export const read = signal<Read | null>(null);

/** Where the curves of the machine shown come from, and what stands in for what they lack; null for other devices. */
export const curvesShown = computed((): string | null => {
  const device = experiment.value?.hardware.crossbar.device;
  if (device?.kind !== "measured") return null;
  const { programming, table, maxConductance } = device;
  const sizes = `programming at ${programming.conductances.length} targets up to ${maxConductance} µS, drift at ${table.conductances.length} conductances.`;
  const known = read.value;
  if (known === null || JSON.stringify(known.device) !== JSON.stringify(device)) return `Measured: ${sizes}`;
  return [`${known.from}: ${sizes}`, ...known.notes].join(" ");
});
