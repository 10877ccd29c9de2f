// @module-tag slow
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tinyDocument } from "../../test/support/tiny-training.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { main } from "./program.ts";
import { progressLine, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { guessingText, readOutAdvice } from "./train.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-train-"));
  await writeFile(join(root, "tiny.json"), JSON.stringify(tinyDocument()));
});
afterAll(() => rm(root, { recursive: true }));

function recorder(columns = 100, interactive = false) {
  const written = { out: "", err: "", time: 0 };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    interactive,
    color: false,
    columns,
    width: 100,
    program: "xpike",
    now: () => written.time,
  };
  return { written, terminal };
}

async function xpikeTrain(folder: string, ...options: string[]) {
  const { written, terminal } = recorder();
  const out = join(root, folder);
  const code = await main(["train", join(root, "tiny.json"), "--out", out, "--threads", "1", ...options], terminal);
  return { code, ...written };
}

describe("xpike train", () => {
  test("repeats --fast-math in the line that it records, and refuses it next to a GPU", async () => {
    const { code } = await xpikeTrain("fast", "--fast-math");
    expect(code).toBe(0);
    const { metadata } = decodeCheckpoint(await readFile(join(root, "fast", "network.safetensors")));
    expect(metadata.command).toContain("tiny.json --fast-math");
    const refused = await xpikeTrain("refused", "--fast-math", "--backend", "webgpu");
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("for the kernels of --backend wasm")]);
  });

  test("says how long it took, how good the network is, and where it lies", async () => {
    const { code, out } = await xpikeTrain("summary");
    expect(code).toBe(0);
    const [first, second, third, fourth] = out.trimEnd().split("\n");
    expect(first).toMatch(/^Trained 4 steps in \d+\.\d s\.$/);
    expect(second).toMatch(/^Best validation at step [24]: loss \d\.\d+, bit error rate 0\.\d+\.$/);
    expect(third).toBe(join(root, "summary", "network.safetensors"));
    const [curves, table] = ["curves.html", "metrics.csv"].map((name) => join(root, "summary", name));
    expect(fourth).toBe(`Learning curves: ${curves}, and as a table ${table}`);
    expect(await readFile(table, "utf8")).toMatch(/^step,stage,loss,.*\r\n2,train,/);
    const { metadata } = decodeCheckpoint(await readFile(third));
    expect(metadata.command).toBe(`xpike train ${join(root, "tiny.json")}`);
  });

  test("says once what random guessing is worth", async () => {
    const { err } = await xpikeTrain("guessing");
    const experiment = parseExperiment(tinyDocument());
    const { classes } = networkGeometry(experiment, createTask(experiment));
    // By hand: a uniform answer among c classes costs ln c, and half of its bits are wrong.
    const lines = err.split("\n").filter((line) => line.startsWith("Random guessing"));
    expect(lines).toEqual([`Random guessing: loss ${Math.log(classes).toPrecision(4)}, bit error rate 0.500.`]);
    const images = parseExperiment({
      task: { kind: "image-classification", data: "mnist", patch: 7 },
      model: { width: 16, heads: 2 },
    });
    expect(guessingText(images, 10)).toBe("Random guessing: loss 2.303, error rate 0.900.");
  });

  test("advises bits before a joint read-out of more than 256 classes, and nothing else", () => {
    const link = (antennas: number, model: object = {}, labels = "posterior") =>
      parseExperiment({
        task: { transmitAntennas: antennas, receiveAntennas: antennas, modulation: "16qam" },
        model,
        training: { labels },
      });
    const advice = (experiment: Experiment) =>
      readOutAdvice(experiment, networkGeometry(experiment, createTask(experiment)).classes);
    expect(advice(link(3))).toBe(
      "The joint read-out has 4096 classes, each of which sees little of the gradient. " +
        'Try model.readOut: "bits" and training.labels: "symbols".',
    );
    expect(advice(link(3, {}, "symbols"))).toMatch(/Try model\.readOut: "bits"\.$/);
    expect(advice(link(3, { readOut: "bits" }, "symbols"))).toBeNull();
    // 256 classes are not more than 256.
    expect(advice(link(2))).toBeNull();
  });

  test("prints the same as JSON, and nothing else", async () => {
    const { code, out, err } = await xpikeTrain("json", "--json", "--seed", "5");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      finished: true,
      step: 4,
      best: { loss: expect.any(Number), bitErrorRate: expect.any(Number) },
      files: { network: join(root, "json", "network.safetensors") },
    });
    const saved = JSON.parse(await readFile(join(root, "json", "experiment.json"), "utf8"));
    expect(saved.seed).toBe(5);
  });

  test("names only files that are there", async () => {
    await xpikeTrain("bare");
    for (const name of ["metrics.jsonl", "metrics.csv", "curves.html"]) await rm(join(root, "bare", name));
    const { files } = JSON.parse((await xpikeTrain("bare", "--resume", "--json")).out);
    expect(Object.values(files).sort()).toEqual(
      (await readdir(join(root, "bare"))).map((name) => join(root, "bare", name)).sort(),
    );
    expect(files.curves).toBeUndefined();
    expect((await xpikeTrain("bare", "--resume")).out).not.toContain("Learning curves");
  });

  test("does not overwrite a run, goes on with it, or starts over when told to", async () => {
    await xpikeTrain("twice");
    const { code, err } = await xpikeTrain("twice");
    expect(code).toBe(2);
    expect(err).toMatch(/^FileError at .*twice\n {2}The folder already holds a run .*--resume.*--force/);
    expect((await xpikeTrain("twice", "--resume")).out).toContain("Trained 4 steps");
    expect((await xpikeTrain("twice", "--force")).code).toBe(0);
    const both = await xpikeTrain("twice", "--force", "--resume");
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("cannot be used with option '--resume'")]);
  });

  test("leaves an experiment.json that no training wrote, and takes the place of its own", async () => {
    const own = join(root, "own");
    const path = join(own, "experiment.json");
    await mkdir(own);
    const document = JSON.stringify(tinyDocument());
    await writeFile(path, document);
    const { written, terminal } = recorder();
    expect(await main(["train", path, "--out", own, "--threads", "1"], terminal)).toBe(2);
    expect(written.err).toMatch(/^FileError at .*experiment\.json\n {2}This training would overwrite this file.*--out/);
    expect((await xpikeTrain("own", "--force")).code).toBe(2);
    expect([await readFile(path, "utf8"), await readdir(own)]).toEqual([document, ["experiment.json"]]);
    await rm(path);
    expect((await xpikeTrain("own")).code).toBe(0);
    expect((await xpikeTrain("own", "--force", "--seed", "2")).code).toBe(0);
  });

  test("asks every teacher that the experiment names, and names the one that is not there", async () => {
    const lossOf = async (...teacher: string[]) => {
      const training = { labels: "teacher" as const, teacher, stages: [{ steps: 2, warmup: 0, finalFraction: 1 }] };
      await writeFile(join(root, "taught.json"), JSON.stringify(tinyDocument({ training })));
      const { written, terminal } = recorder();
      const options = ["--out", join(root, "taught"), "--threads", "1", "--force", "--json"];
      const code = await main(["train", join(root, "taught.json"), ...options], terminal);
      return { code, err: written.err, loss: code === 0 ? JSON.parse(written.out).best.loss : null };
    };
    await xpikeTrain("one", "--seed", "1");
    await xpikeTrain("other", "--seed", "2");
    const [one, other] = ["one", "other"].map((name) => join(root, name, "network.safetensors"));
    const losses = [await lossOf(one), await lossOf(other), await lossOf(one, other)].map(({ loss }) => loss);
    expect(new Set(losses).size).toBe(3);
    expect((await lossOf(one, one)).loss).toBe(losses[0]);
    const lost = await lossOf(one, "lost.safetensors");
    expect(lost.code).toBe(2);
    expect(lost.err).toMatch(/^FileError at training\.teacher\[1\]\n {2}lost\.safetensors: There is no such file/);
  });

  test("names the field in which the run to go on with differs", async () => {
    await xpikeTrain("seeded", "--seed", "1");
    const { code, err } = await xpikeTrain("seeded", "--seed", "2", "--resume");
    expect(code).toBe(2);
    expect(err).toMatch(/^SpecError at seed\n {2}.* has seed 1, but the experiment has 2\./);
  });
});

describe("the progress of training that goes on", () => {
  const state = { label: "train", done: 1000, from: 900, total: 4000, unit: "steps", elapsed: 10, note: "loss 0.51" };

  test("takes its rate from the present run", () => {
    // 100 steps in 10 s; 3000 more take 300 s.
    expect(progressLine(state)).toContain("25 %  1000 of 4000 steps · 10.0 a second · 5 min 0 s left · loss 0.51");
  });

  test("leaves out the bar on a narrow screen", () => {
    const { written, terminal } = recorder(90, true);
    const progress = startProgress(terminal, state);
    progress.restore(state.from);
    written.time = 10_000;
    progress.update(1000, "loss 0.51");
    expect(written.err).toBe("\rtrain  25 %  1000 of 4000 steps · 10.0 a second · 5 min 0 s left · loss 0.51\u001b[K");
  });
});
