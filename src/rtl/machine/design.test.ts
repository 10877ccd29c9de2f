// @module-tag slow
import { describe, expect, test } from "vitest";
import {
  type MachineSetting,
  madeInTests,
  tinyChip,
  tinyMachine,
  tinyPrompts,
} from "../../../test/support/tiny-machine.ts";
import { isXpikeError } from "../../errors.ts";
import { stream } from "../../numeric/stream.ts";
import { simulateFast } from "../../simulation/fast/simulate.ts";
import { machineBundle } from "../kit/bundle.ts";
import { printModule } from "../print.ts";
import { machineDesign } from "./design.ts";
import { machinePlan } from "./plan.ts";

/** Kinds of machines, by their hardware. */
const MACHINES = [
  { order: "token-major" },
  { order: "step-major" },
  { readOut: { attentionInput: "charge", feedForwardUp: "charge", circuit: { noise: 5 } } },
];

const settings = [
  {},
  { readOut: "mean" as const, model: { position: "learned" } },
  { hardware: { adc: { sharing: 1 }, ssa: { tileTokens: 3 } } },
  { hardware: { crossbar: { rows: 128, columns: 128 }, adc: { sharing: 8 } } },
  { hardware: { order: "step-major" } },
  { readOut: "copies" as const },
  { readOut: "mean" as const, steps: 4, model: { depth: 3 }, hardware: { order: "step-major" } },
  { hardware: MACHINES[2] },
];

test.each(settings)("queues hold what waits between layers in the schedule: %j", (setting) => {
  const { layers, schedule } = machinePlan(tinyChip(setting));
  const bits = layers.reduce((sum, { inputs, waiting }) => sum + inputs * (waiting ?? 0), 0);
  const { alone } = schedule;
  expect(bits).toBe(alone.buffers.find(({ name }) => name === "spikes")!.bits);
  expect(Math.max(...layers.map(({ results }) => results[results.length - 1]))).toBe(alone.clocks);
});

const IN_FLIGHT = settings.filter(({ hardware }) => (hardware as { order?: string } | undefined)?.order === undefined);

test.each(IN_FLIGHT)(
  "with prompts in flight queues and the stream hold what the schedule does, and attention whole runs: %j",
  (setting) => {
    const { layers, schedule, inFlight, tokens, steps, width, depth, attention } = machinePlan(
      tinyChip(setting),
      undefined,
      true,
    );
    const { interval, streamVectors, qkvRuns, attentionRuns, prompts } = inFlight!;
    const bits = Object.fromEntries(schedule.inFlight!.buffers.map((buffer) => [buffer.name, buffer.bits]));
    expect(interval).toBe(schedule.interval);
    expect(layers.reduce((sum, { inputs, waiting }) => sum + inputs * (waiting ?? 0), 0)).toBe(bits.spikes);
    expect(streamVectors * width * 14).toBe(bits.stream);
    const run = tokens * steps * width * depth;
    expect(3 * qkvRuns * run).toBeGreaterThanOrEqual(bits.qkv);
    expect(attentionRuns * run).toBeGreaterThanOrEqual(bits.attention);
    expect(prompts).toBeGreaterThanOrEqual(schedule.inFlight!.prompts);
    // Runs take slots that repeat with the interval and do not overlap.
    const [{ end }] = schedule.inFlight!.units.filter(({ kind }) => kind === "attention");
    const length = end[0] - attention[0][0];
    const slots = attention.map(([start]) => start % interval).sort((a, b) => a - b);
    for (const [n, slot] of slots.entries())
      expect((n + 1 < depth ? slots[n + 1] : slots[0] + interval) - slot).toBeGreaterThanOrEqual(length);
  },
);

test("in step-major order the stream's memory has the size in the schedule, and attention's buffers hold no fewer vectors", () => {
  const { layers, schedule, stepMajor, tokens, width, depth } = machinePlan(tinyChip(settings[6]));
  const bits = Object.fromEntries(schedule.alone.buffers.map((buffer) => [buffer.name, buffer.bits]));
  const { streamVectors, qkvSteps, attentionSteps, runs } = stepMajor!;
  expect(streamVectors * width * 14).toBe(bits.stream);
  expect(qkvSteps * tokens * 3 * width * depth).toBeGreaterThanOrEqual(bits.qkv);
  expect(attentionSteps * tokens * width * depth).toBeGreaterThanOrEqual(bits.attention);
  // Blocks begin one after another, and every one has a run for each step.
  expect([runs[0], runs[runs.length - 1]]).toEqual([0, 2]);
  expect([0, 1, 2].map((block) => runs.filter((one) => one === block).length)).toEqual([4, 4, 4]);
  // Membranes of the embedding and of all layers but the head.
  const neurons = layers.slice(0, -1).reduce((sum, { outputs }) => sum + outputs, 0);
  expect(neurons * tokens * 14).toBe(bits.membranes);
});

test("in step-major order membranes of all windows of a stem are kept", () => {
  const model = { stem: { layers: [{ channels: 8, pool: 2 }] } };
  const { layers, schedule } = machinePlan(tinyChip({ model, hardware: { order: "step-major" } }));
  // 24 pixels of the first map; of the embedding and all layers behind it six tokens.
  expect(layers.map(({ tokens }) => tokens.length)).toEqual([24, ...new Array(9).fill(6), 6]);
  const neurons = layers.slice(0, -1).reduce((sum, { outputs, tokens }) => sum + outputs * tokens.length, 0);
  expect(neurons * 14).toBe(schedule.alone.buffers.find(({ name }) => name === "membranes")!.bits);
});

test("layers that learned different leaks have neurons of their own, with the shifts of their names", () => {
  const { design } = tinyMachine({ model: { neuron: { kind: "plif", beta: 0.75 } } });
  const shifts = new Set(design.plan.layers.flatMap(({ neuron }) => (neuron ? [neuron.leakShift] : [])));
  expect([...shifts].sort()).toEqual([0, 1]);
  const named = design.modules.filter(({ name }) => name.startsWith("neurons_"));
  expect(new Set(named.map(({ name }) => name.slice(-3)))).toEqual(new Set(["_k0", "_k1"]));
  for (const { name, header } of named) expect(header?.[0]).toContain(`leak by ${name.slice(-1)} bits`);
});

test.each(["sdsa-1", "qk-channel", "binary-map", "lif"])(
  "buffers of %s attention hold what the schedule does",
  (kind) => {
    const { plan, modules } = machineDesign(tinyChip({ model: { attention: { kind } } }), stream(1));
    const bits = Object.fromEntries(plan.schedule.alone.buffers.map((buffer) => [buffer.name, buffer.bits]));
    const held = (name: string) => {
      const items = modules.find((module) => module.name === name)!.items;
      const signals = items.flatMap((item) => (item.kind === "declaration" ? item.signals : []));
      return signals.reduce((sum, { entries, width }) => sum + (entries ?? 0) * width!, 0);
    };
    // All steps of all tokens; the schedule frees a step before the last vector of the last step is there.
    expect(held("qkv_buffer")).toBe(plan.tokens * plan.steps * plan.engine.parts.length * plan.width);
    expect(held("qkv_buffer")).toBeGreaterThanOrEqual(bits.qkv);
    expect(held("attention_buffer")).toBeGreaterThanOrEqual(bits.attention);
  },
);

test("attention with neurons is refused in step-major order, where membranes would have to wait", () => {
  const make = () =>
    machinePlan(tinyChip({ model: { attention: { kind: "sdsa-1" } }, hardware: { order: "step-major" } }));
  expect(make).toThrow(expect.objectContaining({ path: "hardware.order" }));
});

test("the same chip and prompts give the same files", () => {
  const bundle = () => {
    const { design, vectors } = tinyMachine();
    return machineBundle(design, vectors, madeInTests);
  };
  expect(bundle()).toEqual(bundle());
});

test.each(MACHINES)("%j: every module is used by one that follows, and stands before it", (hardware) => {
  const { modules } = tinyMachine({ hardware }).design;
  for (const [n, { name }] of modules.slice(0, -1).entries()) {
    const users = modules.filter((module) => JSON.stringify(module.items, noBigInt).includes(`"module":"${name}"`));
    expect(users.length, name).toBeGreaterThan(0);
    for (const user of users) expect(modules.indexOf(user), `${user.name} before ${name}`).toBeGreaterThan(n);
  }
});

const noBigInt = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);

test.each(["token-major", "step-major"])(
  "%s: vectors are of the fast simulator, too: the sums of answers are its logits",
  (order) => {
    const { chip, vectors } = tinyMachine({ hardware: { order } }, 3);
    const { logits, steps } = simulateFast(chip, tinyPrompts(3), stream(5));
    const bits = 14 + Math.ceil(Math.log2(steps));
    const totals = vectors.files["expect_answers.hex"]
      .trim()
      .split("\n")
      .flatMap((line) => {
        const word = BigInt(`0x${line.split(" ")[1]}`);
        return [0, 1, 2].map((c) => Number(BigInt.asIntN(bits, word >> BigInt(c * bits))));
      });
    expect(totals.map((total) => Math.fround(total / 2 ** 8 / steps))).toEqual([...logits]);
  },
);

test.each(MACHINES)("%j: lines of the sources have at most 100 characters", (hardware) => {
  for (const module of tinyMachine({ hardware }).design.modules) {
    for (const line of printModule(module).split("\n"))
      expect(line.length, `${module.name}: ${line}`).toBeLessThan(101);
  }
});

const spikes = (name: string) => ({ kind: "neurons", name });
const linear = (name: string) => ({ kind: "linear", name, features: 24 });
const convolution = (name: string) => ({ kind: "convolution", name, channels: 8 });
/** A stream with one branch, and two branches that meet. */
const sum = [linear("a"), spikes("s"), linear("b"), { kind: "add", name: "sum", reads: ["a", "b"] }, spikes("d")];
const joined = [{ kind: "add", name: "both", reads: ["b", "c"] }, spikes("d")];
const listOf = (...operations: object[]): MachineSetting => ({
  operations: [...operations, { kind: "read-out", name: "head" }],
});
const onMap = (...operations: object[]): MachineSetting => ({
  ...listOf(convolution("a"), spikes("s"), ...operations),
  readOut: "mean",
});

describe("unsupported machines are refused, with the field to change", () => {
  test.each([
    ["hardware.arithmetic", { hardware: { arithmetic: null } }],
    ["hardware.scaling", { hardware: { scaling: "threshold" } }],
    ["hardware.ssa.tiles", { hardware: { ssa: { tiles: 2 } } }],
    ["hardware.ssa.tileTokens", { hardware: { ssa: { tileTokens: 1 } } }],
    ["hardware.crossbars", { hardware: { crossbars: 20 } }],
    ["model.outputProjection", { model: { outputProjection: false } }],
    ["model.residual", { readOut: "mean", model: { residual: "spikes" } }],
    ["model.operations.mix", listOf(linear("a"), spikes("s"), { kind: "attention", name: "mix", heads: 1 })],
    [
      "model.operations.again",
      listOf(...sum, linear("c"), { kind: "add", name: "again", reads: ["a", "c"] }, spikes("e")),
    ],
    ["model.operations.placed", listOf(...sum.slice(0, -1), { kind: "position", name: "placed" }, spikes("e"))],
    ["model.operations.b", listOf(linear("a"), spikes("s"), linear("c"), { ...linear("b"), reads: "s" }, ...joined)],
    ["model.operations.wide", onMap({ kind: "pool", name: "wide", poolWindow: 3 }, convolution("b"), spikes("t"))],
    ["model.operations.end", onMap({ kind: "pool", name: "end" })],
    ["model.operations", listOf()],
  ])("%s", (path, setting) => {
    expect(refusal(() => machineDesign(tinyChip(setting as object), stream(5)))).toMatchObject({ path });
  });

  test.each([
    ["hardware.order", { hardware: { order: "step-major" } }],
    ["model.stem", { model: { stem: { layers: [{ channels: 8, pool: 2 }] } } }],
    ["model.attention.kind", { model: { attention: { kind: "sdsa-1" } } }],
    ["hardware.sram", { hardware: { sram: 1000 } }],
  ])("in flight: %s", (path, setting) => {
    const plan = (isInFlight: boolean) => machinePlan(tinyChip(setting as object), undefined, isInFlight);
    expect(refusal(() => plan(false))).toBe(null);
    expect(refusal(() => plan(true))).toMatchObject({ path });
  });

  test("in flight: a machine of memories", () => {
    const plan = () => machinePlan(tinyChip(), { kind: "memories", conductanceBits: null }, true);
    expect(refusal(plan)).toMatchObject({ path: "--in-flight" });
  });

  function refusal(make: () => unknown): unknown {
    try {
      make();
      return null;
    } catch (error) {
      return isXpikeError(error) && error;
    }
  }
});
