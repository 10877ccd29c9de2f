// @module-tag slow
/**
 * A machine whose device is the example's measured curves, beside the machine with the built-in device that they were computed from: the
 * same chips and prompts, new and a year old. And the command that reads them.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readMeasuredCurves } from "../src/device/measured-csv.ts";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { decodeCheckpoint } from "../src/model/checkpoint.ts";
import type { Network } from "../src/model/network.ts";
import { chipFigures } from "../src/runs/chip-figures.ts";
import { openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { runCommand } from "./support/run-command.ts";

const root = join(import.meta.dirname, "..");
const curves = join(root, "examples/pcm-curves.csv");
const { device } = readMeasuredCurves([{ name: "pcm-curves.csv", text: readFileSync(curves, "utf8") }]);
const checkpoint = readFileSync(join(root, "networks/wireless-2x2-xpikeformer.safetensors"));
const network = decodeCheckpoint(checkpoint).network as Network<SpikingSpec>;
const YEAR = 31_557_600;
const PROMPTS = 160;

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-measured-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  // Compensation hides most of what drift does.
  [1, "none"],
  [3600, "none"],
  [YEAR, "crossbar"],
] as const)(
  "after %i s with drift compensation %s, its errors and energy are those of the built-in device within their interval",
  async (readTime, scope) => {
    const executor = inlineExecutor(jobs);
    try {
      const machines = [{ kind: "pcm" }, device].map((of) =>
        parseExperiment({
          preset: "wireless-2x2",
          hardware: { readTime, chips: 1, crossbar: { device: of }, compensation: { scope } },
        }),
      );
      const results = [];
      for (const machine of machines) {
        const chips = await evaluateChips(executor, openExperiment(machine), network, { chips: 1, prompts: PROMPTS });
        results.push({ machine, chips, figures: chipFigures(machine, chips) });
      }
      const [built, own] = results;
      const figure = ({ figures }: typeof built, wanted: string) => figures.find(({ id }) => id === wanted)!;
      const [rate, other] = [built, own].map((of) => figure(of, "ber.xpikeformer"));
      expect(other.value).toBeGreaterThan(rate.interval!.low);
      expect(other.value).toBeLessThan(rate.interval!.high);
      const energy = (of: typeof built) => figure(of, "cost.xpikeformer.symbol").value;
      expect(Math.abs(energy(own) / energy(built) - 1)).toBeLessThan(0.002);
    } finally {
      await executor.close();
    }
  },
);

test("xpike device writes a part of an experiment, or an experiment of a preset that runs", async () => {
  const part = await runCommand("device", curves);
  expect({ code: part.code, err: part.err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(part.out)).toEqual({ hardware: { crossbar: { device } } });
  // Lists of numbers stay on their lines, as in the tables.
  expect(part.out.split("\n").length).toBeLessThan(40);
  const out = join(folder, "measured.json");
  expect(await runCommand("device", curves, "--preset", "wireless-2x2", "--out", out)).toMatchObject({ code: 0 });
  expect(parseExperiment(readFileSync(out, "utf8")).hardware.crossbar.device).toEqual(device);
  const run = await runCommand(
    "run",
    out,
    "--chips",
    "1",
    "--prompts",
    "8",
    "--threads",
    "1",
    "--out",
    join(folder, "run"),
    "--json",
  );
  expect(run.code, run.err).toBe(0);
  expect(run.out).toContain("Measured curves of the experiment");
});

test("xpike device names the file and line of what it refuses", async () => {
  const { code, err } = await runCommand("device", join(root, "examples/wireless-2x2.json"));
  expect(code).toBe(2);
  expect(err).toMatch(/^FileError at .*wireless-2x2\.json:1\n {2}A header must come first\. Headers: g_uS, mean_uS/);
  expect((await runCommand("device", join(folder, "missing.csv"))).err).toContain("missing.csv");
  expect((await runCommand("device", curves, "--preset", "wireles-2x2")).err).toContain("Did you mean wireless-2x2?");
});
