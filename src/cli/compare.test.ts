// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { tinyDocument } from "../../test/support/tiny-training.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import type { Comparison } from "../runs/compare.ts";
import { createTask, networkGeometry } from "../task/create.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-compare-"));
  // Two antennas: an inference detects two symbols.
  const task = { transmitAntennas: 2, receiveAntennas: 2, modulation: "bpsk", pilots: 2 };
  for (const [name, steps, bits] of [
    ["two", 2, 5],
    ["coarse", 2, 3],
    ["three", 3, 5],
  ] as const) {
    const document = {
      ...tinyDocument({ model: { kind: "spiking", steps, neuron: { threshold: 0.3 } }, hardware: { adc: { bits } } }),
      ...{ task, checkpoints: { network: "network.safetensors" } },
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(document));
    if (name !== "two") continue;
    const experiment = parseExperiment(document);
    const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
    writeFileSync(join(folder, "network.safetensors"), encodeCheckpoint(network, {}));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function compare(first: string, second: string, ...options: string[]) {
  const paths = [first, second].map((name) => join(folder, `${name}.json`));
  const common = ["--chips", "2", "--prompts", "16", "--threads", "1"];
  const { code, out, err } = await runCommand("compare", ...paths, ...common, ...options);
  expect(code, err).toBe(0);
  return out;
}

/** The energy of a text such as `807 pJ`. */
function joules(text: string): number {
  const [value, unit] = text.split(" ");
  return Number(value) * { pJ: 1e-12, nJ: 1e-9 }[unit as "pJ" | "nJ"];
}

describe("xpike compare", () => {
  test("heads its table with the T of both", async () => {
    expect(await compare("two", "coarse")).toMatch(/^At T = 2 +first +second +second minus first$/m);
    expect(await compare("two", "three")).toMatch(
      /^first at T = 2, second at T = 3 +first +second +second minus first$/m,
    );
  });

  test("gives the energy of a symbol with that of an inference, two symbols, in brackets, and every value its unit", async () => {
    const out = await compare("two", "coarse");
    const energy = "([\\d.]+ [pn]J)";
    const row = new RegExp(
      `^Energy per symbol \\(per inference\\) +${energy} \\(${energy}\\) +${energy} \\(${energy}\\) +−`,
      "m",
    );
    const printed = row.exec(out)!.slice(1).map(joules);
    const { steps, result, measures } = JSON.parse(await compare("two", "coarse", "--json")) as Comparison;
    expect([steps, result]).toEqual([[2, 2], { name: "symbol", perInference: 2 }]);
    const [first, second] = measures.find(([{ id }]) => id === "energy")!;
    expect(first.label).toBe("Energy per inference");
    const wanted = [first.value / 2, first.value, second.value / 2, second.value];
    for (const [i, value] of wanted.entries()) expect(printed[i] / value).toBeCloseTo(1, 2);
    for (const row of ["Latency", "Time from", "Area"]) {
      expect(out).toMatch(new RegExp(`^${row}[a-z ]* +[\\d.]+ (ns|µs|mm²) +[\\d.]+ (ns|µs|mm²) `, "m"));
    }
  });
});
