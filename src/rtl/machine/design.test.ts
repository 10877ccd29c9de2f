import { describe, expect, test } from "vitest";
import { madeInTests, tinyChip, tinyMachine, tinyPrompts } from "../../../test/support/tiny-machine.ts";
import { isXpikeError } from "../../errors.ts";
import { stream } from "../../numeric/stream.ts";
import { simulateFast } from "../../simulation/fast/simulate.ts";
import { printModule } from "../print.ts";
import { machineBundle } from "./bundle.ts";
import { machineDesign } from "./design.ts";
import { machinePlan } from "./plan.ts";

const settings = [
  {},
  { readOut: "mean" as const, model: { position: "learned" } },
  { hardware: { adc: { sharing: 1 }, ssa: { tileTokens: 3 } } },
  { hardware: { crossbar: { rows: 128, columns: 128 }, adc: { sharing: 8 } } },
];

test.each(settings)("queues hold what the schedule says waits between layers: %j", (setting) => {
  const { layers, schedule } = machinePlan(tinyChip(setting));
  const bits = layers.reduce((sum, { inputs, waiting }) => sum + inputs * (waiting ?? 0), 0);
  const { alone } = schedule;
  expect(bits).toBe(alone.buffers.find(({ name }) => name === "spikes")!.bits);
  expect(Math.max(...layers.map(({ results }) => results[results.length - 1]))).toBe(alone.clocks);
});

test("the same chip and prompts give the same files", () => {
  const bundle = () => {
    const { design, vectors } = tinyMachine();
    return machineBundle(design, vectors, madeInTests);
  };
  expect(bundle()).toEqual(bundle());
});

test("every module is used by one that follows, and stands before it", () => {
  const { modules } = tinyMachine().design;
  for (const [n, { name }] of modules.slice(0, -1).entries()) {
    const users = modules.filter((module) => JSON.stringify(module.items, noBigInt).includes(`"module":"${name}"`));
    expect(users.length, name).toBeGreaterThan(0);
    for (const user of users) expect(modules.indexOf(user), `${user.name} before ${name}`).toBeGreaterThan(n);
  }
});

const noBigInt = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);

test("vectors are of the fast simulator, too: the sums of answers are its logits", () => {
  const { chip, vectors } = tinyMachine({}, 3);
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
});

test("lines of the sources have at most 100 characters", () => {
  for (const module of tinyMachine().design.modules) {
    for (const line of printModule(module).split("\n"))
      expect(line.length, `${module.name}: ${line}`).toBeLessThan(101);
  }
});

describe("machines that are not generated are refused, with the field to change", () => {
  test.each([
    ["hardware.arithmetic", { hardware: { arithmetic: null } }],
    ["hardware.order", { hardware: { order: "step-major" } }],
    ["hardware.ssa.tiles", { hardware: { ssa: { tiles: 2 } } }],
    ["hardware.ssa.tileTokens", { hardware: { ssa: { tileTokens: 1 } } }],
    ["hardware.crossbars", { hardware: { crossbars: 20 } }],
    ["model.outputProjection", { model: { outputProjection: false } }],
  ])("%s", (path, setting) => {
    const chip = tinyChip(setting as object);
    let found: unknown;
    try {
      machineDesign(chip, stream(5));
    } catch (error) {
      found = error;
    }
    expect(isXpikeError(found) && found).toMatchObject({ path });
  });
});
