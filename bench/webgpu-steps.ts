/**
 * Whole training steps, from drawing prompts to the optimiser: on a GPU and in WebAssembly on one thread, and what the GPU does in one:
 * its kernels, what the host waits for, and the memory that it takes.
 */
import { jobs } from "../src/evaluation/jobs.ts";
import type { ExperimentDocument } from "../src/experiment/experiment.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { gpuKernels } from "../src/kernels/webgpu/ops.ts";
import { openProfile, type Profile, type Work } from "../src/kernels/webgpu/profile.ts";
import { networkGeometry } from "../src/task/create.ts";
import { type Opened, openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { gpuBackend } from "../src/train/gpu-training.ts";
import { planTraining } from "../src/train/plan.ts";
import { type TrainOptions, train } from "../src/train/train.ts";
import type { Gpu } from "../src/webgpu/gpu.ts";
import { type BenchOptions, median, type Row, type Samples, type Section, startClock } from "./harness.ts";
import { RANDOM_IMAGES, randomImages } from "./random-images.ts";
import { requireSameWork, type Tolerances } from "./same-work.ts";

/** Both draw the same numbers. */
const FIRST_LOSS: Tolerances = {
  "first loss": {
    within: 1e-3,
    relative: true,
    because: "a sum rounded in another order may tip a neuron over its threshold",
  },
};

/** The first step compiles kernels. */
const WARM_UP = 1;

type Document = ExperimentDocument;
type Model = NonNullable<Document["model"]>;

/** By what they are: a 2x2 link and images of CIFAR-10, as an ANN and spiking. Small ones for a driver in software. */
function documents(quick: boolean): Record<string, Document> {
  const [link, image] = quick ? [16, 4] : [128, 64];
  const models = (size: object, steps: number) =>
    [
      ["ANN", { kind: "ann", position: "learned", ...size } as Model],
      ["spiking", { kind: "spiking", position: "learned", steps, ...size } as Model],
    ] as const;
  const training = (batch: number): Document["training"] => ({
    ...{ batch, shards: 1, validateEvery: 1_000_000 },
    stages: [{ steps: 1_000_000 }],
  });
  const linkSize = quick ? { width: 128, depth: 2, heads: 2 } : { width: 512, depth: 8, heads: 8 };
  const imageSize = quick ? { width: 128, depth: 2, heads: 2 } : { width: 384, depth: 4, heads: 6 };
  const described = ({ width, depth }: typeof linkSize) => `${depth} x ${width}`;
  const links = models(linkSize, 4).map(([kind, model]): [string, Document] => [
    `2x2 link, ${kind}, ${described(linkSize)}, batch ${link}`,
    {
      name: "link",
      task: { transmitAntennas: 2, receiveAntennas: 2, modulation: "qpsk", pilots: 18 },
      model,
      training: { ...training(link), labels: "symbols" },
    },
  ]);
  const images = models(imageSize, 4).map(([kind, model]): [string, Document] => [
    `CIFAR-10, ${kind}, ${described(imageSize)}, batch ${image}`,
    {
      name: "image",
      task: { kind: "image-classification", data: RANDOM_IMAGES, patch: 4, readOut: "class-token" },
      model,
      training: training(image),
    },
  ]);
  return Object.fromEntries([...links, ...images]);
}

export async function webgpuSteps(gpu: Gpu, { quick }: BenchOptions): Promise<Section> {
  const steps = quick ? 3 : 5;
  const images = randomImages(256);
  const rows: Row[] = [];
  const profile = openProfile(gpu);
  for (const [name, document] of Object.entries(documents(quick))) {
    const subject = fitting(gpu, document, images);
    const onWasm = await timeSteps(subject, {}, steps);
    const onGpu = await timeSteps(subject, { backend: await gpuBackend(gpu) }, steps);
    requireSameWork(
      name,
      { name: "wasm", work: { "first loss": onWasm.firstLoss } },
      { name: "webgpu", work: { "first loss": onGpu.firstLoss } },
      FIRST_LOSS,
    );
    const [work] = await profileSteps(gpu, subject, profile, 1);
    rows.push({ name: `${name}: wasm`, samples: onWasm.samples, figures: {} });
    rows.push({
      name: `${name}: webgpu`,
      samples: onGpu.samples,
      figures: {
        "times wasm": median(onWasm.samples.wall) / median(onGpu.samples.wall),
        dispatches: work.dispatches,
        "host reads": work.reads,
        "KiB read": work.readBytes / 1024,
        "KiB written": work.writtenBytes / 1024,
        "MiB held": profile.bytes / 2 ** 20,
      },
    });
    rows.push(...kernelRows(work));
  }
  const timed = profile.isTimed
    ? "Kernels were timed with `timestamp-query`, each call in a pass of its own; rows of kernels have a step's sum, and shares are of it."
    : "This adapter has no `timestamp-query`: kernels have no times.";
  return {
    name: "webgpu: steps",
    about: "a step of training, prompts and optimiser included; wasm on one thread.",
    rows,
    notes: [timed, "Steps were timed without a profile."],
  };
}

/** With as many shards as the adapter's largest array asks for. */
function fitting(gpu: Gpu, document: Document, images: ReturnType<typeof randomImages>): Opened {
  for (let shards = 1; ; shards *= 2) {
    const experiment = parseExperiment({ ...document, training: { ...document.training, shards } });
    const data = experiment.task.kind === "image-classification" ? images : null;
    const subject = openExperiment(experiment, data) as Opened;
    const { bytes } = planTraining(experiment, networkGeometry(experiment, subject.task), 0, 1);
    if (bytes <= gpu.largestArray || shards >= experiment.training.batch) return subject;
  }
}

/** Trains for so many steps, and calls `after` behind each. */
async function runSteps(
  subject: Opened,
  options: Partial<TrainOptions>,
  steps: number,
  after: (step: number) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  let step = 0;
  await train(subject, {
    executor: inlineExecutor(jobs),
    ...options,
    signal: stop.signal,
    afterStep: async () => {
      await after(step++);
      if (step === steps) stop.abort();
    },
  });
}

async function timeSteps(subject: Opened, options: Partial<TrainOptions>, steps: number) {
  let firstLoss = Number.NaN;
  const onStep: TrainOptions["onStep"] = ({ step, loss }) => {
    if (step === 1) firstLoss = loss;
  };
  const samples: { wall: number[]; cpu: number[] } = { wall: [], cpu: [] };
  let elapsed = startClock();
  await runSteps(subject, { ...options, onStep }, WARM_UP + steps, async (step) => {
    const { wall, cpu } = elapsed();
    if (step >= WARM_UP) {
      samples.wall.push(wall);
      samples.cpu.push(cpu);
    }
    elapsed = startClock();
  });
  return { samples: samples satisfies Samples, firstLoss };
}

/** What the GPU does in each step, after one that compiles kernels. */
export async function profileSteps(gpu: Gpu, subject: Opened, profile: Profile, steps: number): Promise<Work[]> {
  const works: Work[] = [];
  const backend = { ...(await gpuBackend(gpu)), create: (bytes: number) => gpuKernels(gpu, bytes, profile) };
  await runSteps(subject, { backend }, WARM_UP + steps, async () => {
    works.push(await profile.take());
  });
  return works.slice(WARM_UP);
}

/** Kernels that take at least 1 % of a step, or of its calls. */
function kernelRows({ kernels, dispatches }: Work): Row[] {
  const all = Object.entries(kernels);
  const total = all.reduce((sum, [, { milliseconds }]) => sum + (milliseconds ?? 0), 0);
  const share = (of: Work["kernels"][string]) =>
    of.milliseconds === null ? of.calls / dispatches : of.milliseconds / total;
  return all
    .filter(([, of]) => share(of) >= 0.01)
    .sort(([, a], [, b]) => share(b) - share(a))
    .map(([name, of]) => ({
      name: `  ${name}`,
      samples: { wall: of.milliseconds === null ? [] : [of.milliseconds], cpu: [] },
      figures: { dispatches: of.calls, share: `${(100 * share(of)).toFixed(1)} %` },
    }));
}
