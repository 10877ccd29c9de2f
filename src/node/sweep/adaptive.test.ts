// @module-tag slow
/** Searches and races with real rows: interrupted and resumed, and compared with full sweeps of all points. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { parseDesign } from "../../experiment/design.ts";
import { frontPoints } from "../../sweep/front.ts";
import type { OpenedDesign } from "../../sweep/points.ts";
import { effortOf, lastRows } from "../../sweep/rounds.ts";
import type { Row } from "../../sweep/unit.ts";
import { readRows, SWEEP_FILES } from "./folder.ts";
import { type PlannedPoint, planSweep } from "./plan.ts";
import { type Engine, runSweep } from "./sweep.ts";
import { threadsEngine } from "./threads.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-adaptive-"));
});
afterEach(() => rm(folder, { recursive: true }));

const experiment = {
  ...tinyDocument({
    model: { kind: "spiking", steps: 2, neuron: { threshold: 0.3 } },
    hardware: { chips: 4, crossbar: { rows: 16, columns: 16 } },
    training: { batch: 64, shards: 1, stages: [{ steps: 150, warmup: 5, learningRate: 0.02 }] },
  }),
  evaluation: { prompts: 180 },
};
const designOf = (fields: object): OpenedDesign => parseDesign({ experiment, axes: {}, ...fields }) as OpenedDesign;

async function run(design: OpenedDesign, to: string, { engine = threadsEngine(1), resume = false, batch = 1 } = {}) {
  try {
    return await runSweep(await planSweep(design, { directory: "." }), to, { engine, threads: 1, resume, batch });
  } finally {
    await engine.close();
  }
}

/** Measures this many batches in total, the last of a round first, and then dies. */
function dyingEngine(after: number): Engine {
  const own = threadsEngine(1);
  let left = after;
  return {
    ...own,
    measure: async (sweep, batches, keep) => {
      const taken = batches.toReversed().slice(0, left);
      left -= taken.length;
      await own.measure(sweep, taken, keep);
      if (taken.length < batches.length) throw new Error("killed");
    },
  };
}

/** An engine on threads that records its requests, and may be asked for one of these points once more. */
function rememberingEngine() {
  const asked: PlannedPoint[] = [];
  const own = threadsEngine(1);
  let sweep: Parameters<Engine["measure"]>[0];
  const engine: Engine = {
    ...own,
    measure: (given, batches, keep) => {
      sweep = given;
      asked.push(...batches.flat());
      return own.measure(given, batches, keep);
    },
  };
  async function measureAgain(point: PlannedPoint): Promise<Row> {
    const rows: Row[] = [];
    const another = threadsEngine(1);
    await another.measure(sweep, [[point]], async (found) => void rows.push(...found));
    await another.close();
    return rows[0];
  }
  return { asked, engine, measureAgain };
}

/** Designs that differ only in how points are chosen give the same experiment the same hash. */
const hashesOf = (rows: readonly Row[], points: ReadonlySet<number>) =>
  new Set(rows.filter(({ point }) => points.has(point)).map(({ hash }) => hash));

describe("a search", () => {
  const axes = {
    "hardware.adc.bits": { from: 2, to: 9, whole: true },
    "hardware.adc.sharing": [1, 2, 4, 8],
    "hardware.adc.mode": ["pair", "differential"],
    "hardware.crossbar.rows": [4, 8, 16],
  };
  const objectives = ["energy", "latency", "area"];
  const sampling = { kind: "search", points: 60, population: 12 };

  test("finds nearly all of the front of priced machines in a third of the points, each of which is in the grid", async () => {
    const grid = await run(designOf({ axes, objectives }), join(folder, "grid"), { batch: 64 });
    const found = await run(designOf({ axes, objectives, sampling }), join(folder, "search"), { batch: 64 });
    expect([grid.length, found.length]).toEqual([192, 60]);
    expect(new Set(found.map(({ hash }) => hash)).size).toBe(60);
    const whole = hashesOf(grid, frontPoints(grid, designOf({ objectives })));
    const own = hashesOf(found, frontPoints(found, designOf({ objectives })));
    const all = new Map(grid.map((row) => [row.hash, row]));
    for (const { hash, measures } of found) expect(measures).toEqual(all.get(hash)!.measures);
    const share = [...own].filter((hash) => whole.has(hash)).length / whole.size;
    expect(share).toBeGreaterThan(0.7);
  });

  test("that is killed, also within a generation, resumes to the same rows and measures no point again", async () => {
    const design = designOf({ axes, objectives, sampling: { ...sampling, points: 30, population: 8 } });
    const whole = await run(design, join(folder, "whole"));
    const killed = join(folder, "killed");
    let had = 0;
    for (const after of [3, 9, 1, 7]) {
      await expect(run(design, killed, { engine: dyingEngine(after), resume: had > 0 })).rejects.toThrow("killed");
      had += after;
      expect(await readdir(join(killed, SWEEP_FILES.rows))).toHaveLength(had);
    }
    expect(await run(design, killed, { resume: true, batch: 5 })).toEqual(whole);
    expect(await readRows(killed)).toEqual({ rows: whole, broken: [] });
    const other = { ...design, seed: 2 };
    await expect(run(other, killed, { resume: true })).rejects.toThrow("another sweep");
  });
});

describe("a budget", () => {
  const axes = {
    "hardware.adc.bits": [2, 3, 5],
    "hardware.adc.sharing": [1, 8],
    "hardware.adc.mode": ["pair", "differential"],
  };
  const objectives = ["errorRate", "energy"];

  test("gives the same front as measuring all points in full, for less, with the same full rows", async () => {
    const full = await run(designOf({ axes, objectives }), join(folder, "full"));
    const design = designOf({ axes, objectives, budget: { chips: 4, prompts: 20 } });
    const { asked, engine, measureAgain } = rememberingEngine();
    const rows = await run(design, join(folder, "raced"), { engine });
    // A later round of a point receives the answers of the previous one and uses them unchanged.
    const [first, later] = [false, true].map((isLater) =>
      asked.filter(({ values }) => (values["evaluation.prompts"] !== 20) === isLater),
    );
    expect(first.every((point) => !("earlier" in point))).toBe(true);
    const answered = ({ earlier }: PlannedPoint) => earlier!.now.map(({ length }) => length);
    const before = ({ values }: PlannedPoint) => (values["evaluation.prompts"] === 60 ? 20 : 60);
    expect(later.map(answered)).toEqual(later.map((point) => Array(4).fill(before(point))));
    const [point] = later;
    const now = point.earlier!.now.map((text) => text.replaceAll(/./g, "1"));
    const { samples } = await measureAgain({ ...point, earlier: { ...point.earlier!, now } });
    for (const [chip, text] of now.entries()) expect(samples!.now[chip].startsWith(text)).toBe(true);
    const last = lastRows(rows, design);
    expect(last).toHaveLength(full.length);
    const byHash = new Map(full.map((row) => [row.hash, row]));
    for (const { measures, hash } of last) {
      if (measures!.prompts === 180) expect(measures).toEqual(byHash.get(hash)!.measures);
      else expect(byHash.has(hash)).toBe(false);
    }
    expect(frontPoints(last, design)).toEqual(frontPoints(full, designOf({ axes, objectives })));
    // One network, trained once: points of later rounds refer to it by its hash.
    expect(await readdir(join(folder, "raced", SWEEP_FILES.networks))).toHaveLength(1);
    const { spent, full: whole } = effortOf(rows, design);
    expect(whole).toBe(full.length * 4 * 180);
    expect(spent).toBeLessThan(0.8 * whole);
    const again = join(folder, "again");
    await expect(run(design, again, { engine: dyingEngine(14) })).rejects.toThrow("killed");
    expect(await run(design, again, { resume: true })).toEqual(rows);
  });
});
