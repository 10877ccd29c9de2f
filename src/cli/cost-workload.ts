/** Options that change a workload: time steps by machine, and densities. */
import { DENSITY_NAMES, type NamedDensities, scaleToMean, setDensities } from "../cost/densities.ts";
import { type Workload, withSteps } from "../cost/workload.ts";
import { CostError } from "../errors.ts";

const SPIKING = ["xpikeformer", "snn"] as const;
const MOST_STEPS = 1024;

/** `8` for both spiking machines, or one or both by name: `xpikeformer=7,snn=4`. Throws CostError for anything else. */
export function readSteps(text: string): (workload: Workload) => Workload {
  const given = readParts(text, SPIKING, (value) => /^\d+$/.test(value) && between(Number(value), 1, MOST_STEPS));
  if (given) {
    return (workload) =>
      withSteps(
        workload,
        given.xpikeformer ?? given.all ?? workload.steps,
        given.snn ?? given.all ?? workload.snnSteps,
      );
  }
  throw new CostError(
    "steps",
    `"${text}" is not a number of time steps. Write a whole number from 1 to ${MOST_STEPS} for both spiking machines, or one for each, such as ` +
      "xpikeformer=7,snn=4.",
  );
}

/** `0.1` for the mean, or single densities by name: `qkv=0.2,down=0.05`. Throws CostError for anything else. */
export function readDensities(text: string): (workload: Workload) => Workload {
  const given = readParts(text, DENSITY_NAMES, (value) => value !== "" && between(Number(value), 0, 1));
  const { all: mean, ...named } = given ?? {};
  if (given && mean === undefined) return (workload) => setDensities(workload, named as NamedDensities);
  if (mean !== undefined && mean > 0 && Object.keys(named).length === 0) {
    return (workload) => scaleToMean(workload, mean);
  }
  throw new CostError(
    "density",
    `"${text}" is not a density. Write a mean above 0 and at most 1, or single shares from 0 to 1 for some of ` +
      `${DENSITY_NAMES.join(", ")}, such as qkv=0.2,down=0.05.`,
  );
}

const between = (value: number, least: number, most: number): boolean => value >= least && value <= most;

/** Numbers by name, with an unnamed number as `all`; null for an unknown or repeated name or an invalid value. */
function readParts<N extends string>(
  text: string,
  names: readonly N[],
  isAllowed: (value: string) => boolean,
): Partial<Record<N | "all", number>> | null {
  const parts: Partial<Record<N | "all", number>> = {};
  for (const part of text.split(",")) {
    const [value, name = "all", ...more] = part
      .split("=")
      .map((word) => word.trim())
      .reverse();
    const isKnown = name === "all" ? !part.includes("=") : names.includes(name as N);
    if (more.length > 0 || !isKnown || name in parts || !isAllowed(value)) return null;
    parts[name as N | "all"] = Number(value);
  }
  return parts;
}
