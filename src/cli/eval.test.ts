// @module-tag slow
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { tinyDocument, tinyExperiment } from "../../test/support/tiny-training.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { parseReport } from "../report/json.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { main } from "./program.ts";
import type { Terminal } from "./terminal.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-eval-"));
  const experiment = tinyExperiment();
  const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
  await writeFile(join(folder, "network.safetensors"), encodeCheckpoint(network, {}));
  const training = { stages: [{ steps: 1, warmup: 0, noise: { weights: 0.04 } }] };
  const origin = { experiment: JSON.stringify(tinyExperiment({ training })) };
  await writeFile(join(folder, "noisy.safetensors"), encodeCheckpoint(network, origin));
  await writeFile(
    join(folder, "noisy.json"),
    JSON.stringify({ ...tinyDocument(), checkpoints: { network: "noisy.safetensors" } }),
  );
  await writeFile(
    join(folder, "lost.json"),
    JSON.stringify({
      ...tinyDocument(),
      checkpoints: { network: "network.safetensors", conventional: "lost.safetensors" },
    }),
  );
  const checkpoints = { network: "network.safetensors" };
  await writeFile(join(folder, "alone.json"), JSON.stringify({ ...tinyDocument(), checkpoints }));
  const both = { ...checkpoints, conventional: "network.safetensors" };
  await writeFile(join(folder, "both.json"), JSON.stringify({ ...tinyDocument(), checkpoints: both }));
  await writeFile(join(folder, "untrained.json"), JSON.stringify(tinyDocument()));
});
afterAll(() => rm(folder, { recursive: true }));

async function evaluate(file: string, ...options: string[]) {
  const written = { out: "", err: "", time: 0 };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    interactive: true,
    color: false,
    columns: 100,
    width: 100,
    program: "xpike",
    now: () => (written.time += 2000),
  };
  const common = ["--threads", "1", "--chips", "2", "--prompts", "16", "--out", join(folder, "out")];
  const code = await main(["eval", join(folder, file), ...common, ...options], terminal);
  return { code, ...written };
}

describe("xpike eval", () => {
  test("has a folder of its own, beside that of the run", async () => {
    const [here, document] = [process.cwd(), join(folder, "alone.json")];
    process.chdir(folder);
    try {
      const size = ["--threads", "1", "--chips", "1", "--prompts", "4"];
      const { code, out } = await runCommand("eval", document, "--drift", "1s", ...size);
      expect(code).toBe(0);
      expect(out).toContain(`Report: ${join("results", "tiny-eval", "report.html")}`);
      expect(await readdir("results")).toEqual(["tiny-eval"]);
    } finally {
      process.chdir(here);
    }
  });

  test("evaluates six ages from a second to a year, shows time left, and prints curves side by side", async () => {
    const { code, out, err } = await evaluate("both.json");
    expect(code).toBe(0);
    // 2 networks, with and without compensation, 6 ages, 2 chips, 16 prompts.
    expect(err).toMatch(/of 768 prompts · .* a second · .* left/);
    expect(err).toContain("eval · 768 prompts in");
    // It was trained without noise, so it is no hardware-aware one.
    expect(out).toMatch(
      /^Time after +Network, compensated +Network, uncompensated +CT, compensated +CT, uncompensated$/m,
    );
    expect(err).toMatch(/^24 conditions x 2 chips x 16 prompts: some seconds on 1 thread$/m);
    expect(out).not.toContain("Change of the bit error rate");
    expect((await evaluate("both.json", "--all")).out).toContain("Change of the bit error rate since 1s");
    for (const age of ["1s", "1m", "1h", "1d", "1mo", "1y"])
      expect(out).toMatch(new RegExp(`^${age} +0\\.\\d+ ± `, "m"));
    const report = parseReport(await readFile(join(folder, "out", "report.json"), "utf8"));
    expect(report.figures.map(({ id }) => id)).toContain("ber.drift.ct.uncompensated.1mo.change");
    expect(await readFile(join(folder, "out", "report.html"), "utf8")).toContain(">1mo</text>");
  });

  test("prints JSON alone, and the command that makes it again", async () => {
    const { code, out, err } = await evaluate(
      "alone.json",
      "--json",
      "--drift",
      "1s,2d",
      "--reads",
      "2",
      "--seed",
      "5",
    );
    expect([code, err]).toEqual([0, ""]);
    const report = parseReport(out);
    expect(report.seed).toBe(5);
    expect(report.command).toBe(
      `xpike eval ${join(folder, "alone.json")} --drift 1s,2d --chips 2 --reads 2 --prompts 16 --seed 5`,
    );
    expect(report.notes.join()).toContain("checkpoints.conventional");
    expect(report.figures.map(({ id }) => id)).toContain("ber.drift.hwat.compensated.2d.reads");
  });

  test("sweeps a field at the experiment's own age, or at several", async () => {
    const own = await evaluate("alone.json", "--sweep", "adc.bits=4..6", "--json");
    const ids = parseReport(own.out).figures.map(({ id }) => id);
    expect(ids.slice(0, 3)).toEqual([
      "ber.sweep.adc.bits.4.hwat",
      "ber.sweep.adc.bits.5.hwat",
      "ber.sweep.adc.bits.6.hwat",
    ]);
    const aged = await evaluate("alone.json", "--sweep", "steps=1..2", "--drift", "1s,1y");
    expect(aged.out).toMatch(/^steps +Network, 1s +Network, 1y$/m);
  });
});

test("a network is hardware-aware by the training that its file keeps, whatever the experiment says of its own", async () => {
  const { out } = await evaluate("noisy.json", "--drift", "1s,1y");
  expect(out).toMatch(/^Time after programming +HWAT, compensated +HWAT, uncompensated$/m);
  expect(out).toContain("the network from hardware-aware training with drift compensation");
});

test.each([
  ["lost.json", [], "FileError at checkpoints.conventional\n  lost.safetensors: There is no such file: "],
  ["alone.json", ["--drift", "1s,tomorrow"], 'SpecError at drift\n  "tomorrow" is not a duration'],
  ["alone.json", ["--sweep", "adc.bit=4..8"], "SpecError at hardware.adc.bit\n"],
  ["alone.json", ["--sweep", "adc.bits"], "SpecError at sweep\n"],
  ["alone.json", ["--reads", "0"], "whole number from 1 to 1000"],
  ["untrained.json", [], "SpecError at checkpoints.network\n  The experiment names no trained network."],
])("%s with %j ends with code 2 and says why", async (file, options, message) => {
  const { code, err } = await evaluate(file, ...options);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("--csv writes a row for each network and condition, and never over the experiment", async () => {
  const table = join(folder, "ages.csv");
  const { out } = await evaluate("both.json", "--drift", "1s,1h", "--csv", table);
  expect(out).toMatch(/\nTable: .*ages\.csv\n$/);
  const [head, ...rows] = (await readFile(table, "utf8")).trimEnd().split("\r\n");
  expect(head).toBe("id,network,condition,at,value,low,high,interval,unit,trials,seed");
  const report = parseReport(await readFile(join(folder, "out", "report.json"), "utf8"), "report.json");
  const points = report.charts.flatMap((chart) =>
    chart.kind === "lines" ? chart.series.flatMap(({ points }) => points) : [],
  );
  expect(rows).toHaveLength(report.figures.length + points.length);
  const before = await readFile(join(folder, "both.json"), "utf8");
  const refused = await runCommand("eval", join(folder, "both.json"), "--csv", join(folder, ".", "both.json"));
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("Name another file with --csv.")]);
  expect(await readFile(join(folder, "both.json"), "utf8")).toBe(before);
});
