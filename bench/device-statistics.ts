/**
 * `npm run device-statistics`: programs a matrix on many chips and prints the error and the compensation factor over time.
 *
 *   npm run device-statistics -- --size 64x64 --times 0,1h,1d,1y --chips 1000
 *   npm run device-statistics -- --matrix weights.json --crossbar '{"device":{"kind":"hermes"}}' --readout lines --json
 *
 * A matrix file holds one list of numbers per row, as JSON. `--crossbar` takes the fields of `hardware.crossbar`; by default,
 * devices are continuous phase-change memory with aihwkit's pair handling.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { parseExperiment } from "../src/experiment/parse.ts";
import { describeMachine, printMachine } from "./harness.ts";
import { evenMatrix, type Matrix, programmingStatistics, type Spread } from "./programming-statistics.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "64x64" },
    matrix: { type: "string" },
    crossbar: { type: "string", default: '{"conductanceBits":null,"pairs":"aihwkit"}' },
    readout: { type: "string", default: "one-hot" },
    times: { type: "string", default: "0,1,1m,1h,1d,30d,1y" },
    chips: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

const matrix = values.matrix === undefined ? sized(values.size) : readMatrix(values.matrix);
// The experiment's own checks, with their messages.
const { crossbar, compensation } = parseExperiment({
  hardware: { crossbar: JSON.parse(values.crossbar), compensation: { readout: values.readout } },
}).hardware;
const chips = wholeNumber("chips", values.chips, 2);
const options = {
  spec: crossbar,
  readout: compensation.readout,
  times: values.times.split(",").map(seconds),
  chips,
  seed: wholeNumber("seed", values.seed, 0),
};
const statistics = programmingStatistics(matrix, options);
if (values.json) process.stdout.write(`${JSON.stringify({ ...options, statistics }, null, 2)}\n`);
else print();

function print(): void {
  const { rows, columns } = matrix;
  const table = new Table({
    head: ["after", "error", "error, compensated", "factor"],
    style: { head: [], border: [], compact: true },
  });
  const cell = ({ mean, deviation, standardError }: Spread) =>
    `${mean.toFixed(5)}, SD ${deviation.toFixed(5)}, SE ${standardError.toFixed(6)}`;
  for (const { time, error, compensatedError, factor } of statistics) {
    table.push([`${time} s`, cell(error), cell(compensatedError), cell(factor)]);
  }
  process.stdout.write(
    `${printMachine(describeMachine())}\n\n${rows} x ${columns} weights on ${chips} chips, ${crossbar.device.kind}, pairs ` +
      `${crossbar.pairs}, readout ${compensation.readout}. Errors are root mean squares over the largest weight; SD from chip ` +
      `to chip, SE of the mean.\n${table}\n`,
  );
}

function sized(text: string): Matrix {
  const parts = /^(\d+)x(\d+)$/.exec(text);
  if (!parts) throw new Error(`--size is ROWSxCOLUMNS, such as 64x64, not "${text}".`);
  return evenMatrix(wholeNumber("size", parts[1], 1), wholeNumber("size", parts[2], 1));
}

function readMatrix(file: string): Matrix {
  const rows: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isRow = (row: unknown) => Array.isArray(row) && row.length > 0 && row.every(Number.isFinite);
  if (!Array.isArray(rows) || rows.length === 0 || !rows.every((row) => isRow(row) && row.length === rows[0].length)) {
    throw new Error(`${file} is not a matrix: it must hold one list of numbers per row, all of one length, as JSON.`);
  }
  return { rows: rows.length, columns: rows[0].length, weights: Float32Array.from(rows.flat()) };
}

/** `90`, `1m`, `1h`, `1d`, `1y` (365 days). */
function seconds(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)([smhdy]?)$/.exec(text.trim());
  if (!parts)
    throw new Error(`--times takes seconds, or numbers with s, m, h, d or y, such as 0,1h,1y; not "${text}".`);
  const unit = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, y: 365 * 86_400 }[parts[2]] as number;
  return Number(parts[1]) * unit;
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${name} is a whole number from ${least} on, not "${text}".`);
  }
  return value;
}
