/** The program that computes rows. A sweep's folder names the one that began it, and a row each other one that measured it. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Row } from "../../sweep/unit.ts";
import { buildId, joinBuilds, splitBuilds, UNKNOWN_BUILD } from "../build.ts";
import { buildsOf, readQuestion } from "../run-folder.ts";
import { packageVersion } from "../version.ts";

export interface Software {
  readonly xpikeformer: string;
  readonly build: string;
}

/** Older programs wrote the hash of the kernels, which is not enough. */
export const softwareSpec = z.object({ xpikeformer: z.string(), build: z.string().default(UNKNOWN_BUILD) });

export const softwareOf = (): Software => ({ xpikeformer: packageVersion(), build: buildId() });

/**
 * A measured row as the folder keeps it: without a build if only `begun`, which began the sweep, had a part in it.
 *
 * @param row       as measured: with its build, or by this program
 * @param earlier   the row of an earlier round that it continues
 */
export function namingBuild({ build = buildId(), ...row }: Row, begun: string, earlier: Row | undefined): Row {
  const all = joinBuilds([...splitBuilds(earlier ? (earlier.build ?? begun) : build), ...splitBuilds(build)]);
  return all === begun ? row : { ...row, build: all };
}

/** All builds that had a part in a sweep, the one that began it first. `networks` is the folder of trained networks. */
export async function buildsOfSweep(begun: string, rows: readonly Row[], networks: string): Promise<string[]> {
  const trained: string[] = [];
  for (const name of existsSync(networks) ? (await readdir(networks)).sort() : []) {
    const question = await readQuestion(join(networks, name));
    if (question !== null) trained.push(...buildsOf(question));
  }
  return [...new Set([begun, ...rows.flatMap(({ build = begun }) => splitBuilds(build)), ...trained])];
}
