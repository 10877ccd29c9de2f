// @module-tag slow
/** Sources of every kind of machine, engine and board: no name is used before its declaration. */
import { expect, test } from "vitest";
import { stream } from "../src/numeric/stream.ts";
import { boardBundle } from "../src/rtl/board/bundle.ts";
import { machineBoardBundle } from "../src/rtl/board/machine-bundle.ts";
import type { SourceFiles } from "../src/rtl/design.ts";
import { machineBundle } from "../src/rtl/kit/bundle.ts";
import { earlyNames } from "./support/early-names.ts";
import { randomRun, smallDesign } from "./support/engine-runs.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "./support/tiny-machine.ts";

const small = (more: object = {}) => ({ width: 8, heads: 2, depth: 2, neuron: { threshold: 0.1875 }, ...more });
const STEM = {
  layers: [
    { channels: 8, kernel: 3, pool: 1 },
    { channels: 8, kernel: 3, pool: 2 },
  ],
  embedding: { kernel: 3 },
};
const CIRCUIT = { offset: 20, mismatch: 0.02, noise: 5, leakage: 1e-6, settling: 4, capacitor: 1, trim: { bits: 4 } };

const machines: Readonly<Record<string, MachineSetting>> = {
  "two blocks": {},
  "a bit read-out": { model: small({ readOut: "bits" }) },
  "copies of a query": { readOut: "copies", model: small() },
  "step-major order": { model: small(), hardware: { order: "step-major" } },
  "a stem": { model: small({ position: "learned", stem: STEM }) },
  "a stem in step-major order": {
    model: small({ position: "learned", stem: STEM }),
    hardware: { order: "step-major" },
  },
  "ordered draws": { model: small({ attention: { draws: "ordered" } }) },
  "binary-map attention": { model: small({ attention: { kind: "binary-map", cut: 1, scale: 0.25 } }) },
  "qk-channel attention": { readOut: "mean", model: small({ attention: { kind: "qk-channel", scale: 0.125 } }) },
  "sdsa-1 attention": { model: small({ attention: { kind: "sdsa-1", scale: 0.25 } }) },
  "lif attention in tiles": {
    readOut: "mean",
    model: small({ attention: { kind: "lif", scoreGain: 1, valueGain: 2 } }),
    hardware: { ssa: { tileTokens: 3 } },
  },
  "columns without converters": {
    model: small(),
    hardware: { readOut: { attentionInput: "charge", feedForwardUp: "charge", circuit: CIRCUIT } },
  },
};

const early = (files: SourceFiles): string[] =>
  Object.entries(files).flatMap(([name, text]) => (name.endsWith(".sv") ? earlyNames(text) : []));

const EARLY = "a machine with %s declares each name before its use";
const SHORT = ["copies of a query", "a stem in step-major order", "columns without converters"];
test.each(SHORT)(EARLY, expectNoneEarly);
test.each(Object.keys(machines).filter((kind) => !SHORT.includes(kind)))(EARLY, NIGHTLY, expectNoneEarly);

function expectNoneEarly(kind: string) {
  const { design, vectors } = tinyMachine(machines[kind], 1);
  expect(early(machineBundle(design, vectors, madeInTests))).toEqual([]);
}

test("a machine with prompts in flight declares each name before its use", () => {
  const { design, vectors } = tinyMachine({ model: small() }, 1, undefined, true);
  expect(early(machineBundle(design, vectors, madeInTests))).toEqual([]);
});

test("a board kit declares each name before its use", () => {
  const design = smallDesign({ tokens: 3, dimension: 12, isCausal: true, draws: "stratified" });
  const from = { version: "0.0.0", experiment: "random spikes", origin: "Random spikes." };
  const kit = { board: "ulx3s-85f", baud: 1_000_000, fingerprintOf: () => 1 } as const;
  expect(early(boardBundle(design, [randomRun(design, 2, stream(1))], from, kit))).toEqual([]);
});

test("a machine's board kit declares each name before its use", () => {
  const timing = { clock: 25e6, settle: 2, conversion: 4 };
  const fabric = { kind: "memories", conductanceBits: null } as const;
  const { design, vectors } = tinyMachine({ hardware: { timing } }, 1, fabric);
  const kit = { board: "ulx3s-85f", baud: 1_000_000, fingerprintOf: () => 1 } as const;
  expect(early(machineBoardBundle(design, vectors, madeInTests, kit))).toEqual([]);
});

test("of a declaration that moves below its use, the name is given", () => {
  const { design, vectors } = tinyMachine({ model: small() }, 1);
  const text = machineBundle(design, vectors, madeInTests)["xpike_machine.sv"];
  const line = text.match(/^ {2}logic .*\bstarted_q\b.*\n/m)![0];
  const moved = text.replace(line, "").replace(/endmodule/, `${line}endmodule`);
  expect(earlyNames(moved)).toContain("xpike_machine.started_q");
});
