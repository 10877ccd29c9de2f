/**
 * Testbenches that play lines to blocks of a machine and to its edge (`rtl/played/`): in Icarus, which compiles them in a second, or
 * without it in Verilator. They count the corners that they reach.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileList } from "../rtl/bundle.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { BLOCKS_LIST, BLOCKS_TESTBENCH, EDGE_LIST, EDGE_TESTBENCH } from "../rtl/played/bench.ts";
import { readList } from "./rtl-folder.ts";
import { COMPILED, JOBS, type RtlTool } from "./rtl-simulators.ts";
import { type Outcome, runTool, type ToolLimit } from "./tool.ts";

/** A corner of a block that its lines should reach. */
export interface CoveragePoint {
  readonly block: string;
  readonly point: string;
  readonly count: number;
  /** Why this block cannot reach it; null if it can. */
  readonly reason: string | null;
}

export type Simulator = Exclude<RtlTool, "yosys">;

export interface PlayedSources {
  readonly testbench: string;
  readonly list: string;
  readonly sources: SourceFiles;
}

/** What a folder has of them. */
export async function readPlays(folder: string): Promise<PlayedSources[]> {
  const plays: PlayedSources[] = [];
  for (const [testbench, list] of [
    [BLOCKS_TESTBENCH, BLOCKS_LIST],
    [EDGE_TESTBENCH, EDGE_LIST],
  ]) {
    const sources = await readList(folder, list);
    if (sources) plays.push({ testbench, list, sources });
  }
  return plays;
}

/**
 * One testbench, in the first of the given simulators that is installed.
 * Throws  when `work` cannot be written
 */
export async function runPlay(
  { testbench, list, sources }: PlayedSources,
  tools: readonly Simulator[],
  folder: string,
  work: string,
  limit?: ToolLimit,
): Promise<{ tool: Simulator; ran: Outcome }> {
  const copies = join(work, `${testbench}_sources`);
  await mkdir(copies);
  for (const [name, text] of Object.entries({ ...sources, [list]: fileList(sources) })) {
    await writeFile(join(copies, name), text);
  }
  const program = join(work, `${testbench}.vvp`);
  if (tools.includes("iverilog")) {
    const built = await runTool("iverilog", ["-g2012", "-s", testbench, "-o", program, "-f", list], copies, limit);
    const ran = built.ok ? await runTool("vvp", ["-n", program], folder, limit) : built;
    if (ran.found || !tools.includes("verilator")) return { tool: "iverilog", ran };
  }
  const flags = [...COMPILED, ...JOBS, "-MAKEFLAGS", "OPT_FAST=-O0", "--Mdir", program];
  const built = await runTool("verilator", [...flags, "-f", list, "--top-module", testbench], copies, limit);
  const ran = built.ok ? await runTool(join(program, `V${testbench}`), [], folder, limit) : built;
  return { tool: "verilator", ran };
}

/** The points in what a testbench printed. */
export const coverageOf = (text: string): CoveragePoint[] =>
  Array.from(text.matchAll(/^COVER (\w+) (\w+) (?:(\d+)|none (.+))$/gm), ([, block, point, count, reason]) => ({
    block,
    point,
    count: Number(count ?? 0),
    reason: reason ?? null,
  }));

/** A line for each point: how often, or why not. Blocks that reach the same points share a line, with the least count. */
export function coverageText(points: readonly CoveragePoint[]): string {
  const lines = new Map<string, { kind: string; point: string; blocks: number; least: number; reasons: Set<string> }>();
  for (const { block, point, count, reason } of points) {
    const kind = block.replace(/_\d\w*$/, "");
    const key = `${kind} ${point}`;
    const line = lines.get(key) ?? { kind, point, blocks: 0, least: Number.POSITIVE_INFINITY, reasons: new Set() };
    line.blocks++;
    if (reason === null) line.least = Math.min(line.least, count);
    else line.reasons.add(reason);
    lines.set(key, line);
  }
  return Array.from(lines.values(), ({ kind, point, blocks, least, reasons }) => {
    const reached = least === Number.POSITIVE_INFINITY ? [] : [least === 0 ? "MISSING" : String(least)];
    const why = [...reasons].map((reason) => `not reachable: ${reason}`);
    const place = blocks > 1 ? `${kind} (${blocks})` : kind;
    return `${place.padEnd(22)}${point.replaceAll("_", " ").padEnd(34)}${[...reached, ...why].join(", ")}`;
  }).join("\n");
}
