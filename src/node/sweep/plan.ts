/**
 * A sweep before its first unit: the points with the hashes of everything that they depend on, the networks and data that they
 * need, and the networks to be trained first.
 *
 * A point that names no network but has sampled objectives gets its own: trained as its experiment specifies, once
 * for all points that train identically.
 */
import { dirname, join } from "node:path/posix";
import type { ModuleSpec } from "../../device/module.ts";
import { SpecError } from "../../errors.ts";
import type { Objective } from "../../experiment/design.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { isHardwareAware, takesHardware } from "../../experiment/hardware-aware.ts";
import { parseExperiment } from "../../experiment/parse.ts";
import { teachersNamed } from "../../experiment/training.ts";
import type { RowSamples } from "../../sweep/packed.ts";
import { experimentAt, type OpenedDesign, type PointValues } from "../../sweep/points.ts";
import { sweepRounds } from "../../sweep/rounds.ts";
import { needsNetwork, requireBlocks } from "../../sweep/unit.ts";
import { contentHash, sha256Of } from "../content-hash.ts";
import { loadExperimentDevice } from "../devices.ts";
import { readFileChecked } from "../files.ts";
import { readNamed } from "../networks.ts";
import { loadTaskData } from "../task-data.ts";

export interface PlannedPoint {
  readonly point: number;
  readonly hash: string;
  readonly values: PointValues;
  /** Name of its network and of its data among the inputs; null if it has none. */
  readonly network: string | null;
  readonly data: string | null;
  /** Its device if that is a module, with the facts that cost asks for. */
  readonly device?: ModuleSpec;
  /** The result of an earlier round for this point, on fewer chips and prompts. */
  readonly earlier?: RowSamples;
}

/** A network to be trained, by the name that points use for it. */
export interface PlannedTraining {
  readonly network: string;
  /** The training experiment, and nothing else. */
  readonly experiment: Experiment;
  readonly data: string | null;
  /** Files of networks that it starts from and that provide its labels. */
  readonly initial: string | null;
  readonly teachers: readonly string[];
}

/** The inputs from which points are computed, by name. */
export interface SweepInputs {
  /** Files of networks. */
  readonly networks: Readonly<Record<string, Uint8Array>>;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface PlannedSweep {
  readonly design: OpenedDesign;
  /** The points of the first round, which are all points unless the sweep is adaptive. */
  readonly points: readonly PlannedPoint[];
  /** Points of the design that repeat an earlier one and are left out. */
  readonly repeated: number;
  readonly trainings: readonly PlannedTraining[];
  readonly inputs: SweepInputs;
  /** SHA-256 of each file that the first round needs, and of its data, by name: what another start is compared with. */
  readonly contents: Readonly<Record<string, string>>;
  /** Notes on where data came from. */
  readonly notes: readonly string[];
  /** The points of a round: new ones with their trainings and inputs, known ones under their number; null for an invalid experiment. */
  readonly plan: (round: readonly PointValues[]) => Promise<PlannedRound>;
}

export interface PlannedRound {
  /** One for each set of values. */
  readonly points: readonly (PlannedPoint | null)[];
  readonly trainings: readonly PlannedTraining[];
  readonly inputs: SweepInputs;
}

export interface SweepPlace {
  /** Folder that paths in the experiment are relative to. */
  readonly directory: string;
  /** Folder of the task's data, instead of the usual ones. */
  readonly data?: string;
}

/** Largest file of a network that is read. */
export const NETWORK_BYTES = 2 ** 31;

/**
 * Lists the points of the first round and reads what they need.
 * Throws  SpecError for a point that is not a valid experiment, and as `requireBlocks`; FileError for a network, at its field, or data that
 *         cannot be read; as `loadExperimentDevice`
 */
export async function planSweep(design: OpenedDesign, place: SweepPlace): Promise<PlannedSweep> {
  const isSampled = needsNetwork(design.objectives);
  const networks: Record<string, Uint8Array> = {};
  const data: Record<string, unknown> = {};
  const trainings = new Map<string, PlannedTraining>();
  const notes = new Set<string>();
  const files = new Map<string, string>();
  const tasks = new Map<string, string | null>();
  const contents: Record<string, string> = {};

  async function networkOf(field: string, path: string): Promise<string> {
    const known = files.get(path);
    if (known !== undefined) return known;
    const bytes = await readNamed(field, path, place.directory, (file) => readFileChecked(file, NETWORK_BYTES));
    const name = sha256Of(bytes);
    networks[name] = bytes;
    contents[path] = name;
    files.set(path, name);
    return name;
  }

  async function dataOf({ task }: Experiment): Promise<string | null> {
    const key = JSON.stringify(task);
    const known = tasks.get(key);
    if (known !== undefined) return known;
    const location = { directory: place.directory, ...(place.data !== undefined && { folder: place.data }) };
    const loaded = await loadTaskData({ task }, location);
    for (const note of loaded.notes) notes.add(note);
    const name = loaded.data === null ? null : contentHash(loaded.data);
    if (name !== null) {
      data[name] = loaded.data;
      contents[`task ${key}`] = name;
    }
    tasks.set(key, name);
    return name;
  }

  async function trainedFor(experiment: Experiment, own: string | null): Promise<string> {
    const { initial } = experiment.training;
    const named = teachersNamed(experiment.training);
    const trained = trainingOf(experiment);
    const from = {
      initial: initial === undefined ? null : await networkOf("training.initial", initial),
      teachers: await Promise.all(named.map(({ path, field }) => networkOf(field, path))),
    };
    const name = contentHash(["trained", trained, own, from]);
    trainings.set(name, { network: name, experiment: trained, data: own, ...from });
    return name;
  }

  const points = new Map<string, PlannedPoint>();

  async function pointOf(values: PointValues): Promise<PlannedPoint> {
    const experiment = await loadExperimentDevice(experimentAt(design, values), place.directory);
    requireBlocks(experiment, design.objectives);
    const own = await dataOf(experiment);
    const { network: path } = experiment.checkpoints;
    const network =
      path !== undefined
        ? await networkOf("checkpoints.network", path)
        : isSampled
          ? await trainedFor(experiment, own)
          : null;
    const hash = pointHash(experiment, network, own, design.objectives);
    const { device } = experiment.hardware.crossbar;
    const isModule = device.kind === "module";
    if (isModule) {
      // Imports first, because the hash of the module follows from theirs.
      for (const [name, sha256] of Object.entries(device.imports ?? {}))
        contents[join(dirname(device.path), name)] = sha256;
      contents[device.path] = device.sha256!;
    }
    const point = points.get(hash) ?? {
      point: points.size,
      hash,
      values,
      network,
      data: own,
      ...(isModule && { device }),
    };
    points.set(hash, point);
    return point;
  }

  const inputs = { networks, data };
  async function plan(round: readonly PointValues[]): Promise<PlannedRound> {
    const planned: (PlannedPoint | null)[] = [];
    for (const values of round) {
      try {
        planned.push(await pointOf(values));
      } catch (error) {
        // A search may try an invalid experiment; without a search, the design is wrong.
        const all = planned.length === round.length - 1 && planned.every((point) => point === null);
        if (design.sampling.kind !== "search" || !(error instanceof SpecError) || all) throw error;
        planned.push(null);
      }
    }
    const used = new Set(planned.map((point) => point?.network));
    return { points: planned, trainings: [...trainings.values()].filter(({ network }) => used.has(network)), inputs };
  }

  const first = await plan(
    sweepRounds(design)
      .next()
      .value!.map(({ values }) => values),
  );
  const known = [...points.values()];
  return {
    design,
    points: known,
    repeated: first.points.filter((point) => point !== null).length - known.length,
    trainings: first.trainings,
    inputs,
    contents: { ...contents },
    notes: [...notes],
    plan,
  };
}

/** Names do not change a point's result, nor do networks that it does not run with. */
function pointHash(
  { name: _, $schema: __, checkpoints: ___, ...experiment }: Experiment,
  network: string | null,
  data: string | null,
  objectives: readonly Objective[],
): string {
  return contentHash([experiment, network, data, objectives.toSorted()]);
}

/** The part of an experiment that its training depends on. */
function trainingOf({ task, model, training, seed, hardware }: Experiment): Experiment {
  const { crossbar, compensation, adc, readTime } = hardware;
  const shown = {
    ...(isHardwareAware(training) && { crossbar, compensation }),
    ...(takesHardware(training) && { adc, readTime }),
  };
  return parseExperiment({ name: "network of a sweep", task, model, training, seed, hardware: shown });
}
