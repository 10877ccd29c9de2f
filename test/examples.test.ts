// @module-tag page
// @module-tag slow
/**
 * Runs every numbered program of examples/ on the sources, and checks docs/guide.md against their output: a block under the
 * comment `<!-- 01-one-prompt.mjs: received -->` is that section of that program's output. After an intended change of numbers,
 * `npx vitest run test/examples.test.ts -u` writes the new ones into the page; read the difference. The ten lines of README.md
 * and the network composed in code are also programs, with their output stored next to them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { seconds } from "./support/speed.ts";

const folder = join(import.meta.dirname, "../examples");
const files = readdirSync(folder).filter((file) => /\.(mjs|ts)$/.test(file));
const programs = files.filter((file) => /^\d\d-/.test(file)).sort();
const TEN_LINES = "ten-lines.ts";
const COMPOSED = "compose.ts";
const guide = join(import.meta.dirname, "../docs/guide.md");

const outputs: Record<string, string> = {};
beforeAll(async () => {
  const print = vi.spyOn(console, "log");
  try {
    for (const program of [...programs, TEN_LINES, COMPOSED]) {
      const lines: string[] = [];
      print.mockImplementation((line: string) => lines.push(line));
      await import(join(folder, program));
      outputs[program] = lines.join("\n");
    }
  } finally {
    print.mockRestore();
  }
  // Takes ten seconds on one core; on a busy machine it may have to wait for that core.
}, seconds(900));

test("examples import the public API and each other, nothing else", () => {
  const specifiers = files.flatMap((file) =>
    Array.from(readFileSync(join(folder, file), "utf8").matchAll(/ from "([^"]+)"/g), ([, name]) => name!),
  );
  expect(specifiers.length).toBeGreaterThan(programs.length);
  const isAllowed = (name: string) =>
    /^xpikeformer(\/(cost|rtl|report|node))?$/.test(name) || (name.startsWith("./") && files.includes(name.slice(2)));
  expect(specifiers.filter((name) => !isAllowed(name))).toEqual([]);
});

test("the guide shows what the programs print", async () => {
  const page = readFileSync(guide, "utf8").replace(
    /(<!-- (\S+\.mjs): (.+?) -->\n```text\n)[\s\S]*?(```)/g,
    (_, opening: string, program: string, title: string, closing: string) =>
      `${opening}${sectionOf(program, title)}\n${closing}`,
  );
  await expect(page).toMatchFileSnapshot(guide);
});

test("the ten lines are ten, and print the recorded output", async () => {
  await expect(`${outputs[TEN_LINES]}\n`).toMatchFileSnapshot(join(folder, "ten-lines.txt"));
  expect(readFileSync(join(folder, TEN_LINES), "utf8").match(/^.+$/gm)).toHaveLength(10);
});

test("the composed network prints the recorded output, and is wrong far less often than by guessing", async () => {
  await expect(`${outputs[COMPOSED]}\n`).toMatchFileSnapshot(join(folder, "compose.txt"));
  const rates = numbersAfter(COMPOSED, /(\d+\.\d)/g);
  expect(rates).toHaveLength(5);
  for (const rate of rates) expect(rate).toBeLessThan(27);
});

test("every section that a program of the guide prints is shown there", () => {
  const page = readFileSync(guide, "utf8");
  const printed = programs.flatMap((program) =>
    Array.from(outputs[program].matchAll(/^== (.+) ==$/gm), ([, title]) => `<!-- ${program}: ${title} -->`),
  );
  expect(printed.length).toBeGreaterThan(10);
  expect(printed.filter((marker) => !page.includes(marker))).toEqual([]);
});

test("crossbar columns and neurons computed by hand fire like the simulator's, at every token, step and feature", async () => {
  const { readColumn, membrane } = await import(join(folder, "by-hand.mjs"));
  const { bitsOf } = await import(join(folder, "tiny-machine.mjs"));
  const steps = [0, 1, 2, 3];
  const branches = [
    ["embed", "input", "blocks.0.input"],
    ["blocks.0.projection", "blocks.0.attention", "blocks.0.middle"],
    ["blocks.0.down", "blocks.0.hidden", "output"],
  ] as const;
  for (let token = 0; token < 7; token++) {
    for (let feature = 0; feature < 16; feature++) {
      const stream = [0, 0, 0, 0];
      for (const [layer, input, fired] of branches) {
        for (const t of steps) stream[t] += readColumn(layer, bitsOf(input, t, token), feature).current;
        const byHand = membrane(stream).map((state: { fired: number }) => state.fired);
        // Double precision by hand, single in the simulator: spikes are equal, because no membrane is that close to the threshold.
        expect(byHand, `${fired}, token ${token}, feature ${feature}`).toEqual(
          steps.map((t) => bitsOf(fired, t, token)[feature]),
        );
      }
    }
  }
});

test("the loss of the tiny network falls, and its chips decide far better than by guessing", () => {
  const losses = numbersAfter("02-train-tiny.mjs", /loss (\S+)/g);
  // From ln 4 for four equally likely classes.
  expect(losses[0]).toBeGreaterThan(1.3);
  expect(losses.at(-1)).toBeLessThan(0.9);
  const rates = numbersAfter("03-map-and-run.mjs", /bit error rate (\S+)/g);
  expect(rates).toHaveLength(3);
  // Trained to an error rate of about 0.11, compared with 0.5 for guessing; 256 prompts of 2 bits have a standard error below 0.02.
  for (const rate of rates) expect(rate).toBeLessThan(0.25);
});

test("each additional converter bit brings the logits closer to the exact ones", () => {
  const errors = numbersAfter("04-change-the-machine.mjs", /^\d +(\S+)/gm);
  expect(errors).toHaveLength(6);
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
});

function sectionOf(program: string, title: string): string {
  const [, rest] = (outputs[program] ?? "").split(`== ${title} ==\n`);
  expect(rest, `docs/guide.md shows "${title}" of ${program}, which prints no such section`).toBeDefined();
  return rest!.split("\n\n==")[0].trimEnd();
}

function numbersAfter(program: string, pattern: RegExp): number[] {
  return Array.from(outputs[program].matchAll(pattern), ([, number]) => Number(number));
}
