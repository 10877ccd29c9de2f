/**
 * `npm run bench -- --record` keeps what it measured in `performance.json` and writes it into `docs/performance.md`: the blocks between
 * `<!-- measured: NAME -->` and `<!-- end of NAME -->`.
 */
import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { type Machine, median, printNumber, type Section } from "./harness.ts";
import type { PeerProcess } from "./peer-files.ts";

/** Benchmarks of the page, in the order in which they run. */
export const RECORDED = ["training-step", "inference", "simulation", "chips", "gemm", "convolution"] as const;

interface RecordedRow {
  /** Milliseconds of CPU time. */
  readonly median: number;
  readonly least: number;
  readonly wall: number;
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface Performance {
  readonly command: string;
  readonly commit: string;
  /** Of weights, inputs, labels and chips. */
  readonly seed: number;
  readonly day: string;
  /** Most cores that other programs kept busy before a benchmark. */
  readonly busy: number;
  readonly machine: Machine;
  readonly peer: PeerProcess;
  /** By benchmark and name of the row. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, RecordedRow>>>>;
}

/** Throws if a benchmark has no rows. */
export function createRecord(
  { machine, peer, busy }: Pick<Performance, "machine" | "peer" | "busy">,
  commit: string,
  sections: readonly Section[],
): Performance {
  const missing = RECORDED.find((name) => !sections.some((section) => section.name === name));
  if (missing) throw new Error(`${missing} has no times, so nothing is recorded.`);
  const rows = sections.map(({ name, rows }) => [
    name,
    Object.fromEntries(
      rows.map(({ name, samples, figures }) => [
        name,
        { median: median(samples.cpu), least: Math.min(...samples.cpu), wall: median(samples.wall), figures },
      ]),
    ),
  ]);
  const day = new Date().toISOString().slice(0, 10);
  const command = "npm run bench -- --record";
  return { command, commit, seed: 1, day, busy, machine, peer, rows: Object.fromEntries(rows) };
}

/** More makes CPU time longer, PyTorch's more than ours: its wide vectors wait for caches and memory that others use. */
const QUIET = 0.2;
const SECONDS = 3;

/** Cores at work over three seconds, while this process waits. */
export async function busyCores(): Promise<number> {
  const spent = () => cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  const before = spent();
  await setTimeout(1000 * SECONDS);
  return Number(((spent() - before) / (1000 * SECONDS)).toFixed(2));
}

/** Throws on a busy machine, unless its times are wanted. */
export function requireQuiet(busy: number, isAllowed: boolean): number {
  if (busy <= QUIET || isAllowed) return busy;
  throw new Error(
    `Other programs keep ${busy} cores busy, but a record needs a quiet machine, at most ${QUIET}: they change not only times but which side is ` +
      "faster. End them, or add --busy, and the page will name what was busy.",
  );
}

/** A row of the first table: names of both sides' rows, which differ where the peer has another arithmetic. */
interface Comparison {
  readonly title: string;
  readonly benchmark: string;
  readonly own: string;
  readonly peer?: string;
}

const step = (size: string, surrogate: string): Comparison => ({
  title: `training step, ${size}, ${surrogate}`,
  benchmark: "training-step",
  own: `${size}, ${surrogate}, 1 thread`,
});
const COMPARISONS: readonly Comparison[] = [
  { title: "simulated chip, 128 prompts of the 2x2 link", benchmark: "simulation", own: "2x2 link, noise of devices" },
  {
    title: "the same in whole numbers ‡",
    benchmark: "simulation",
    own: "2x2 link, in whole numbers",
    peer: "2x2 link, noise of devices",
  },
  { title: "with noise of converters", benchmark: "simulation", own: "2x2 link, and of converters" },
  {
    title: "the same in whole numbers ‡",
    benchmark: "simulation",
    own: "2x2 link, and of converters, in whole numbers",
    peer: "2x2 link, and of converters",
  },
  { title: "simulated chip, one image, 6 x 512", benchmark: "simulation", own: "one image, 6 blocks of width 512" },
  { title: "inference, 2 x 128", benchmark: "inference", own: "2 x 128, sigmoid, 1 thread" },
  step("2 x 128", "sigmoid"),
  step("2 x 128", "triangular"),
  step("4 x 256", "sigmoid"),
  step("6 x 512", "sigmoid"),
  step("6 x 512", "triangular"),
];

/** The text of each block of the page. */
const BLOCKS: Readonly<Record<string, (record: Performance) => string>> = {
  speed: (record) => {
    const { machine, peer, day, busy, commit } = record;
    const rows = COMPARISONS.map(({ title, benchmark, own, peer: other = own }) => {
      const [ours, theirs] = [
        find(record, benchmark, `xpikeformer, ${own}`),
        find(record, benchmark, `PyTorch, ${other}`),
      ];
      const ratio = theirs.median / ours.median;
      const megabytes = [ours, theirs].map(({ figures }) => whole(Number(figures["peak MB"])));
      return [title, times(ours), times(theirs), short(ratio), megabytes.join(" / ")];
    });
    return [
      `CPU time on one thread of ${machine.cpu} (${machine.cores} cores), Node ${machine.node.slice(1)}, beside PyTorch ${peer.torch} compiled for ` +
        `${peer.vectorCode}: median, and the least in parentheses. Measured on ${day} at commit ${commit.slice(0, 8)}, while others kept ${busy} cores busy.`,
      "",
      ...table(["", "ours, ms", "PyTorch, ms", "speed-up", "peak memory, MB, ours / PyTorch"], rows),
    ].join("\n");
  },
  life: (record) => {
    const rows = Object.keys(record.rows.chips).flatMap((name) => {
      const [preset, part] = name.split(", ");
      if (part !== "program") return [];
      const seconds = ["program", "calibrate", "read", "run"].map((of) =>
        printNumber(find(record, "chips", `${preset}, ${of}`).median / 1000),
      );
      return [[`\`${preset}\``, ...seconds]];
    });
    const [one, two] = ["1 thread", "2 threads"].map((threads) => {
      const name = Object.keys(record.rows.chips).find((row) => row.endsWith(`on a chip, ${threads}`));
      return name === undefined ? null : find(record, "chips", name);
    });
    const shared =
      one && two
        ? [
            "",
            `Two threads [share a chip](decisions/chip-in-parts.md) in ${short(two.wall / one.wall)} times the time.`,
          ]
        : [];
    return [
      ...table(["chip in whole numbers, 32 prompts or one image", "program", "calibrate", "read", "run"], rows),
      ...shared,
    ].join("\n");
  },
  products: (record) => {
    const rate = (name: string, side: string) => Number(find(record, "gemm", `${side}, ${name}`).figures["GFLOP/s"]);
    const names = Object.keys(record.rows.gemm).flatMap((name) => /^xpikeformer, (.*)/.exec(name)?.[1] ?? []);
    const squares = names.filter((name) => /^\d/.test(name));
    const layers = names.filter((name) => !/^\d/.test(name));
    const product = (title: string, of: readonly string[]) => [
      title,
      ...["xpikeformer", "PyTorch"].map((side) => range(of.map((name) => rate(name, side)))),
    ];
    const convolutions = Object.values(record.rows.convolution).map(({ figures }) => figures);
    const column = (name: string) => range(convolutions.map((figures) => Number(figures[name])));
    return table(
      ["GFLOP/s of CPU time, one thread", "ours", "PyTorch"],
      [
        ...squares.map((name) => product(`product, ${name} (\`gemm\`)`, [name])),
        product("product, widths 128 and 512, forward and gradients", layers),
        ["3 x 3 convolution and its gradients (`convolution`)", column("GFLOP/s"), ""],
        ["the same by windows", column("by windows, GFLOP/s"), ""],
      ],
    ).join("\n");
  },
};

/** The page with its blocks filled in. Throws if it lacks one. */
export function fillPerformance(page: string, record: Performance): string {
  return Object.entries(BLOCKS).reduce((text, [name, write]) => {
    const [start, end] = [`<!-- measured: ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/performance.md has no block "${name}".`);
    return `${text.slice(0, from + start.length)}\n\n${write(record)}\n\n${text.slice(to)}`;
  }, page);
}

function find({ rows }: Performance, benchmark: string, name: string): RecordedRow {
  const row = rows[benchmark]?.[name];
  if (!row) throw new Error(`The record has no row "${name}" of ${benchmark}.`);
  return row;
}

const whole = (milliseconds: number): string =>
  milliseconds < 100 ? printNumber(milliseconds) : Math.round(milliseconds).toLocaleString("en");
const times = ({ median, least }: RecordedRow): string => `${whole(median)} (${whole(least)})`;
/** Two digits. */
const short = (ratio: number): string => (ratio < 0.1 ? ratio.toFixed(2) : ratio.toPrecision(2));

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => String(Math.round(value)));
  return low === high ? low : `${low} to ${high}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |"));
