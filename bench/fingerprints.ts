/**
 * `npm run fingerprints`: whether this version of the program gives the results that were recorded, to the last bit.
 *
 *   npm run fingerprints                              every experiment: equal, or the parts that differ; exit code 1 if any does
 *   npm run fingerprints -- --only stem,events        some of them
 *   npm run fingerprints -- --keep FOLDER             also writes all results as text there, to compare with those of another version
 *   npm run fingerprints -- --update                  records the results
 *
 * `fingerprint.ts` says what is compared. Whoever records new results says in the commit which parts differ and why they may.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { differingParts, fingerprintOf, type Parts, resultsOf } from "./fingerprint.ts";
import { CASE_NAMES, type CaseName, openCase } from "./fingerprint-cases.ts";

const FILE = "test/golden/fingerprints.json";

const { values } = parseArgs({
  options: { only: { type: "string" }, keep: { type: "string" }, update: { type: "boolean", default: false } },
});
const recorded: Record<string, Parts<string>> = JSON.parse(readFileSync(FILE, "utf8")).experiments;
let different = 0;
for (const name of chosen(values.only)) {
  const started = performance.now();
  const results = await resultsOf(openCase(name)).catch((error: Error) => error);
  if (results instanceof Error) {
    console.log(`${name.padEnd(24)}fails: ${results.stack}`);
    process.exitCode = 1;
    continue;
  }
  if (values.keep !== undefined) keep(values.keep, name, results);
  const found = fingerprintOf(results);
  const differing = differingParts(found, recorded[name] ?? {});
  if (differing.length > 0) different++;
  recorded[name] = found;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${name.padEnd(24)}${seconds.padStart(5)} s  ${verdict(differing, Object.keys(found).length)}`);
}
if (values.update) {
  const experiments = Object.fromEntries(CASE_NAMES.map((name) => [name, recorded[name]]));
  const written = { command: "npm run fingerprints -- --update", experiments };
  writeFileSync(FILE, `${JSON.stringify(written, null, 2)}\n`);
  console.log(`Recorded in ${FILE}.`);
} else if (different > 0) process.exitCode = 1;

function verdict(differing: readonly string[], parts: number): string {
  return differing.length === 0 ? `all ${parts} parts equal` : `different: ${differing.join(", ")}`;
}

function chosen(only: string | undefined): readonly CaseName[] {
  if (only === undefined) return CASE_NAMES;
  return only.split(",").map((text) => {
    const found = CASE_NAMES.find((name) => name === text);
    if (found !== undefined) return found;
    throw new Error(`--only names ${text}, but the experiments are ${CASE_NAMES.join(", ")}.`);
  });
}

/** A file for each part, with a number or a line of text to a line. */
function keep(folder: string, name: string, results: Parts<unknown>): void {
  mkdirSync(join(folder, name), { recursive: true });
  const plain = (_: string, value: unknown) => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
    return typeof value === "string" && value.includes("\n") ? value.split("\n") : value;
  };
  for (const [part, result] of Object.entries(results)) {
    writeFileSync(join(folder, name, `${part}.json`), `${JSON.stringify(result, plain, 1)}\n`);
  }
}
