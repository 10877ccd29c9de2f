/** A report of each command, from untrained networks too small to learn anything: real parts, made in seconds. */
import { estimateCost } from "../../src/cost/cost.ts";
import { findCostPreset } from "../../src/cost/presets.ts";
import { priceWorkload } from "../../src/cost/priced.ts";
import { resolveTechnology } from "../../src/cost/resolve.ts";
import { atPublishedSteps, findWorkload } from "../../src/cost/workloads.ts";
import { jobs } from "../../src/evaluation/jobs.ts";
import { parseDurations } from "../../src/experiment/duration.ts";
import type { Experiment } from "../../src/experiment/experiment.ts";
import type { SpikingSpec } from "../../src/experiment/model.ts";
import { parseSweep } from "../../src/experiment/sweep.ts";
import { initialise, type Network } from "../../src/model/network.ts";
import { stream } from "../../src/numeric/stream.ts";
import { costReport } from "../../src/report/cost-report.ts";
import type { Report } from "../../src/report/report.ts";
import { evaluateDrift } from "../../src/runs/drift.ts";
import { runExperiment } from "../../src/runs/experiment.ts";
import { evaluateSweep } from "../../src/runs/sweep.ts";
import { createTask, networkGeometry } from "../../src/task/create.ts";
import { openExperiment } from "../../src/task/open.ts";
import { inlineExecutor } from "../../src/threads/executor.ts";
import { tinyImageExperiment, tinyImages } from "./tiny-images.ts";
import { tinyExperiment } from "./tiny-training.ts";

/** A low threshold keeps an untrained network active. */
const spiking = { kind: "spiking", steps: 3, neuron: { threshold: 0.3 } } as const;
const hardware = { chips: 2, crossbar: { rows: 16, columns: 16 } };

/** By name: `run`, `images`, `drift`, `sweep`, `cost`. */
export async function everyReport(): Promise<Readonly<Record<string, Report>>> {
  const options = { executor: inlineExecutor(jobs), command: "xpike test", versions: {} };
  const evaluation = { prompts: 64, curvePrompts: 16, steps: [1, 3] };
  const whole = tinyExperiment({ model: spiking, hardware });
  const link = { ...whole, evaluation: { ...whole.evaluation, ...evaluation } };
  const ann = untrained(tinyExperiment({ model: { kind: "ann" } }), 3);
  const images = tinyImageExperiment(spiking, {}, { hardware, evaluation });
  const networks = { network: spikingNetwork(link, 1), conventional: spikingNetwork(link, 2) };
  const size = { chips: 3, prompts: 40 };
  const ages = parseDurations("1s,1m,1h,1d,7d,1mo,1y", "drift");
  return {
    run: await runExperiment(link, { network: spikingNetwork(link, 1), ann }, options),
    images: await runExperiment(openExperiment(images, tinyImages), { network: spikingNetwork(images, 4) }, options),
    drift: await evaluateDrift(link, networks, ages, { ...options, ...size }),
    sweep: await evaluateSweep(link, networks, parseSweep("adc.bits=3..9", link), [], { ...options, ...size }),
    cost: costReport({
      prices: "bottom-up",
      priced: priceWorkload(estimateCost(atPublishedSteps(findWorkload("vit-8-768-imagenet")), prices())),
      command: "xpike cost vit-8-768-imagenet",
      seed: 1,
      versions: {},
    }),
  };
}

const prices = () => resolveTechnology(findCostPreset("bottom-up"));

const untrained = (of: Experiment, seed: number): Network =>
  initialise(of.model, networkGeometry(of, createTask(of)), stream(seed));

const spikingNetwork = (of: Experiment, seed: number) => untrained(of, seed) as Network<SpikingSpec>;
