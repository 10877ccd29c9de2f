/** Readers of text that a person writes. */
import { experimentWorkload } from "../src/cost/measured.ts";
import { parseDesign } from "../src/experiment/design.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { presets } from "../src/experiment/presets.ts";
import { parseSweep } from "../src/experiment/sweep.ts";
import { parseTensorMapping } from "../src/experiment/tensor-mapping.ts";
import { parseWorkload, readWorkload } from "../src/experiment/workload.ts";
import { parseQueueAddress } from "../src/node/sweep/valkey.ts";
import { buildReport } from "../src/report/build-report.ts";
import { parseReport } from "../src/report/json.ts";
import { refuseForeign } from "../src/rtl/foreign.ts";
import { readNetlist } from "../src/rtl/gates/netlist.ts";
import { listPoints } from "../src/sweep/points.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { sampleDraft } from "../test/support/sample-report.ts";
import { tinyDocument } from "../test/support/tiny-training.ts";
import { mutateJson, mutateText } from "./fuzz-mutate.ts";
import { attempt, experiment, json, type Reader } from "./fuzz-reader.ts";

const documents = (): string[] =>
  json(
    tinyDocument(),
    ...presets().map(({ document }) => document),
    {
      task: { kind: "image-classification", data: "fashion-mnist-slice", patch: 4 },
      model: { stem: { layers: [{ channels: 8 }] } },
    },
    { task: { kind: "event-classification", data: { name: "mine", height: 4, width: 4, classes: 3 }, patch: 2 } },
    {
      hardware: { crossbar: { device: { kind: "reram" } }, adc: { errors: { outputNoise: 0.3 }, trim: {} } },
      training: { stages: [{ noise: { hardware: true } }] },
    },
  );

const verilog =
  'module ssa_cell #(parameter int N = 4) (input logic clk);\n  initial $display("x %d", N);\nendmodule\n';

const netlist = {
  modules: {
    block: {
      ports: { a: { direction: "input", bits: [2, 3] }, y: { direction: "output", bits: [4] } },
      cells: {
        g: {
          type: "$_AND_",
          port_directions: { A: "input", B: "input", Y: "output" },
          connections: { A: [2], B: [3], Y: [4] },
        },
      },
      netnames: { y: { bits: [4] } },
    },
  },
};

const mostPoints = ({ axes, sampling }: ReturnType<typeof parseDesign>): number =>
  sampling.kind === "grid"
    ? Object.values(axes).reduce(
        (all, axis) => all * (Array.isArray(axis) ? axis.length : (axis.count ?? axis.to - axis.from)),
        1,
      )
    : sampling.points;

export const TEXTS: Readonly<Record<string, Reader>> = {
  experiment: {
    share: 30_000,
    valid: documents(),
    mutate: mutateJson,
    read: (text: string) => {
      const read = parseExperiment(text, "experiment.json");
      networkGeometry(read, createTask(read));
      if (read.model.kind !== "ann") experimentWorkload(read);
    },
  },
  design: {
    share: 20_000,
    valid: json(
      {
        experiment: tinyDocument(),
        axes: { "hardware.adc.bits": [4, 5, 6], "hardware.readTime": { from: 1, to: 1e6, scale: "log", count: 4 } },
        objectives: ["energy"],
      },
      {
        experiment: "preset:wireless-2x2",
        axes: { "hardware.readTime": { from: 1, to: 1e6 } },
        sampling: { kind: "sobol", points: 16 },
        constraints: { energy: { most: 1 } },
      },
    ),
    mutate: mutateJson,
    read: (text: string) => {
      const design = parseDesign(text, "design.json");
      if (mostPoints(design) < 10_000) listPoints(design);
    },
  },
  mapping: {
    share: 20_000,
    valid: json({
      parameters: {
        "blocks.{i}.qkv.weight": {
          concat: [{ tensor: "q.{i}" }, { tensor: "k.{i}" }],
          axis: 0,
          steps: [{ transpose: [1, 0] }],
        },
        "head.offset": { tensor: "b", steps: [{ scale: 2 }] },
      },
      ignore: ["*.num_batches_tracked"],
    }),
    mutate: mutateJson,
    read: (text: string) => parseTensorMapping(text, "mapping.json"),
  },
  workload: {
    share: 20_000,
    valid: json({
      kind: "workload",
      name: "mine",
      depth: 4,
      width: 256,
      heads: 8,
      tokens: 37,
      inputs: 16,
      classes: 16,
      causal: true,
      result: "symbol vector",
    }),
    mutate: mutateJson,
    read: (text: string) => parseWorkload(readWorkload(text, "workload.json"), "workload.json"),
  },
  options: {
    share: 20_000,
    valid: [
      "adc.bits=4..8",
      "steps=1,2,3",
      "hardware.readTime=1,1e6",
      "1s,12h,1y",
      "90s",
      "valkeys://me:p%40ss@lab3:7000/2?ca=ca.pem",
    ],
    mutate: mutateText,
    read: (text: string) => {
      for (const read of [
        () => parseSweep(text, experiment),
        () => parseDurations(text, "drift"),
        () => parseQueueAddress(text, {}),
      ]) {
        attempt(read);
      }
    },
  },
  report: {
    share: 4_000,
    valid: json(buildReport(sampleDraft())),
    mutate: mutateJson,
    read: (text: string) => parseReport(text, "report.json"),
  },
  verilog: {
    share: 120_000,
    valid: [verilog],
    mutate: mutateText,
    read: (text: string) => refuseForeign(text, "ssa_cell.sv"),
  },
  netlist: {
    share: 69_000,
    valid: json(netlist),
    mutate: mutateJson,
    read: (text: string) => readNetlist(text, "block"),
  },
};
