/** A run for images: networks and chips on the same test images. */
import type { ImageData } from "../data/images.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { ImageClassificationSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { operationsOf } from "../model/graph.ts";
import type { Network } from "../model/network.ts";
import { graphOf } from "../model/transformer.ts";
import { stream } from "../numeric/stream.ts";
import { IMAGE_NETWORKS, imageClassificationReport } from "../report/image-classification.ts";
import type { ExampleImages } from "../report/images.ts";
import type { Report } from "../report/report.ts";
import { attentionMaps } from "../simulation/attention-map.ts";
import { simulateFast } from "../simulation/fast/simulate.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { decide } from "../task/answers.ts";
import type { Opened } from "../task/open.ts";
import { patchGrid } from "../task/patches.ts";
import { runClassification } from "./classification.ts";
import { firstChip } from "./first-chip.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";

/** Test images in the report. */
const EXAMPLES = 6;

/** Random, throws  as `runClassification` */
export async function runImageClassification(
  asked: Opened<ImageClassificationSpec>,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  return imageClassificationReport(await runClassification(asked, networks, options, IMAGE_NETWORKS, runExamples));
}

/** The first test images on the first chip: spikes of the first, decisions and attention for all. */
function runExamples(
  given: Opened<ImageClassificationSpec>,
  network: Network<SpikingSpec>,
  mapping: Mapping,
): { rasters: Record<string, SpikeTrain>; examples: ExampleImages } {
  const { chip, task, random } = firstChip(given, network, mapping);
  const { experiment, data: images } = given;
  const { tokens } = network.geometry;
  const { test } = images;
  const count = Math.min(EXAMPLES, test.count);
  const batch = task.draw(count, stream(experiment.seed).fork("evaluation"), { values: false });
  const trace = simulateFast(chip, batch.spikes!, random.fork("run"), { rasters: count });
  const steps = [1, 2, 4, 8, 16].filter((step) => step < trace.steps).concat(trace.steps);
  const graph = graphOf(network);
  const attention = operationsOf(graph, "attention").at(-1);
  const maps = attention ? attentionMaps(attention, trace.rasters[attention.reads[0]]) : null;
  const grid = (attention && graph.values.get(attention.reads[0])?.grid) ?? patchGrid(experiment.task);
  const patches = grid.rows * grid.columns;
  // Without maps, the images stand alone.
  const attended = (maps === null ? [] : steps).map((step) =>
    Array.from({ length: count }, (_, k) => {
      const mean = new Float64Array(patches);
      for (const map of (maps ?? []).slice(0, step))
        for (let i = 0; i < patches; i++) mean[i] += map[k * tokens + i] / step;
      return mean;
    }),
  );
  const classOf = (index: number) => test.classes[index];
  return {
    rasters: Object.fromEntries(
      Object.entries(trace.rasters).map(([name, train]) => [name, firstPrompt(train, count)]),
    ),
    examples: {
      height: test.height,
      width: test.width,
      images: Array.from({ length: count }, (_, k) => brightness(images, k)),
      labels: [...batch.labels].map(classOf),
      decisions: [...decide(trace.logits, test.classes.length)].map(classOf),
      grid,
      steps: maps === null ? [] : steps,
      attention: attended,
    },
  };
}

/** Brightness of a test image, 0 to 1, averaged over channels: `[height * width]`. */
function brightness({ test: { height, width, channels, pixels } }: ImageData, image: number): Float64Array {
  const values = new Float64Array(height * width);
  const first = image * height * width * channels;
  for (let i = 0; i < values.length * channels; i++)
    values[Math.floor(i / channels)] += pixels[first + i] / (255 * channels);
  return values;
}

/** The rows of the first of `prompts` prompts. */
function firstPrompt({ steps, rows, features, words }: SpikeTrain, prompts: number): SpikeTrain {
  const kept = words.length / (steps * prompts);
  const first = new Uint32Array(steps * kept);
  for (let t = 0; t < steps; t++) {
    const from = t * prompts * kept;
    first.set(words.subarray(from, from + kept), t * kept);
  }
  return { steps, rows: rows / prompts, features, words: first };
}
