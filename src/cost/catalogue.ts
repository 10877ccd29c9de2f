/** All sources, and look-up of a price by its id. */
import { CostError, didYouMean } from "../errors.ts";
import { calibration } from "./paper-preset.ts";
import type { Price, Source } from "./receipt.ts";
import { adcSurvey } from "./sources/andrulis-arxiv-2024.ts";
import { assumed } from "./sources/assumptions.ts";
import { cacti } from "./sources/balasubramonian-taco-2017.ts";
import { darkSilicon } from "./sources/esmaeilzadeh-isca-2011.ts";
import { gpuAnchors } from "./sources/gpu-anchors.ts";
import { horowitz } from "./sources/horowitz-isscc-2014.ts";
import { trimmedComparator } from "./sources/ieice-e93a-2010.ts";
import { offsetTrim } from "./sources/jlpea-15-35-2025.ts";
import { wires } from "./sources/keckler-micro-2011.ts";
import { unitCapacitor } from "./sources/lee-jssc-2017.ts";
import { hermes } from "./sources/legallo-natelectron-2023.ts";
import { timely } from "./sources/li-isca-2020.ts";
import { swifttron } from "./sources/marchisio-ijcnn-2023.ts";
import { gates } from "./sources/nangate-45.ts";
import { dram } from "./sources/oconnor-micro-2017.ts";
import { neurosim } from "./sources/peng-iedm-2019.ts";
import { links } from "./sources/poulton-jssc-2013.ts";
import { dynamicComparator } from "./sources/satapathy-cssp-2023.ts";
import { isaac } from "./sources/shafiee-isca-2016.ts";
import { aladdin } from "./sources/shao-isca-2014.ts";
import { ssaPaper } from "./sources/song-aicas-2024.ts";
import { paper } from "./sources/song-tvlsi-2025.ts";
import { xformer } from "./sources/sridharan-tvlsi-2023.ts";
import { stillmaker } from "./sources/stillmaker-integration-2017.ts";
import { spikingformer } from "./sources/zhou-arxiv-2023.ts";

export const SOURCES: readonly Source[] = [
  paper,
  horowitz,
  cacti,
  neurosim,
  isaac,
  adcSurvey,
  hermes,
  xformer,
  swifttron,
  gates,
  ssaPaper,
  dram,
  wires,
  links,
  aladdin,
  spikingformer,
  stillmaker,
  darkSilicon,
  gpuAnchors,
  dynamicComparator,
  timely,
  trimmedComparator,
  offsetTrim,
  unitCapacitor,
  assumed,
  calibration,
];

/** The source with this id. Throws CostError, with the likely meaning, for an unknown one. */
export function findSource(id: string): Source {
  const found = SOURCES.find((source) => source.id === id);
  if (found) return found;
  const known = SOURCES.map((source) => source.id);
  throw new CostError(
    `source.${id}`,
    `There is no source "${id}". Known: ${known.join(", ")}.${didYouMean(id, known)}`,
  );
}

/** The price `source.name`. Throws CostError for an unknown source or name. */
export function findPrice(id: string): Price {
  const dot = id.indexOf(".");
  if (dot < 0) {
    throw new CostError(
      `price.${id}`,
      `"${id}" is neither a number nor a price. Write a price as source.name, such as shafiee-isca-2016.conversion5.`,
    );
  }
  const { prices } = findSource(id.slice(0, dot));
  const name = id.slice(dot + 1);
  if (Object.hasOwn(prices, name)) return prices[name];
  const known = Object.keys(prices);
  throw new CostError(
    `price.${id}`,
    `${id.slice(0, dot)} has no price "${name}". It has: ${known.join(", ")}.${didYouMean(name, known)}`,
  );
}
