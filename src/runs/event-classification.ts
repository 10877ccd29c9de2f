/** A run for recordings of event cameras: networks and chips on the same test recordings. */
import type { SpikingSpec } from "../experiment/model.ts";
import type { EventClassificationSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import {
  EVENT_NETWORKS,
  type ExampleRecordings,
  eventClassificationReport,
  picture,
} from "../report/event-classification.ts";
import type { Report } from "../report/report.ts";
import { simulateFast } from "../simulation/fast/simulate.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { decide } from "../task/answers.ts";
import type { Opened } from "../task/open.ts";
import { runClassification } from "./classification.ts";
import { firstChip, runRaster } from "./first-chip.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";

/** Test recordings in the report, and the most frames of each. */
const EXAMPLES = 6;
const FRAMES = 4;

/** Random, throws  as `runClassification` */
export async function runEventClassification(
  asked: Opened<EventClassificationSpec>,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  return eventClassificationReport(await runClassification(asked, networks, options, EVENT_NETWORKS, runExamples));
}

/** The first test recordings on the first chip: spikes of the first, decisions for all. */
function runExamples(
  given: Opened<EventClassificationSpec>,
  network: Network<SpikingSpec>,
  mapping: Mapping,
): { rasters: Record<string, SpikeTrain>; examples: ExampleRecordings } {
  const { test } = given.data;
  const { chip, task, random } = firstChip(given, network, mapping);
  const count = Math.min(EXAMPLES, test.count);
  const batch = task.draw(count, stream(given.experiment.seed).fork("evaluation"), { values: false });
  const { logits } = simulateFast(chip, batch.spikes!, random.fork("run"));
  const shown = Math.min(FRAMES, test.frames);
  const frames = Array.from({ length: shown }, (_, i) => Math.floor((i * test.frames) / shown));
  return {
    rasters: runRaster(given, network, mapping),
    examples: {
      height: test.height,
      width: test.width,
      frames,
      pictures: frames.map((frame) => Array.from({ length: count }, (_, k) => picture(test, k, frame))),
      labels: [...batch.labels].map((label) => test.classes[label]),
      decisions: [...decide(logits, test.classes.length)].map((decision) => test.classes[decision]),
    },
  };
}
