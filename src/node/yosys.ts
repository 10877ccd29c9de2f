/**
 * Yosys, from the system or from the package `@yowasp/yosys` (Yosys compiled to WebAssembly, ISC licence): runs a script on the
 * given input files, and returns the files that it writes. Both work in their own folder, so no user path reaches a script.
 *
 * The package is 38 MB, an optional peer, and loaded when the first script runs. It runs in this process: unlike the
 * system's Yosys, it cannot be stopped after a time, and takes two to ten times as long.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../errors.ts";
import { installCommand, isMissing } from "./optional-packages.ts";
import { LONGEST_RUN, runTool, type ToolLimit } from "./tool.ts";

export type YosysKind = "system" | "bundled";

export interface YosysOutcome {
  /** Whether Yosys ended successfully. */
  readonly ok: boolean;
  /** Whether it was stopped at its limit. */
  readonly late: boolean;
  /** The signal or the fault on which it crashed; null if it did not. */
  readonly crash: string | null;
  /** Warnings and errors. */
  readonly text: string;
  /** The requested files that were written, by name. */
  readonly files: ReadonlyMap<string, string>;
}

export interface Yosys {
  readonly kind: YosysKind;
  /** `Yosys 0.52` or `Yosys 0.55 (@yowasp/yosys 0.55.944)`: gate counts depend on it. */
  readonly version: string;
  /** Seconds of processor time after which a run is stopped. */
  readonly limit: ToolLimit;
  /** Runs a script on files by name, and returns those named in `wanted`. */
  run(script: string, inputs: Readonly<Record<string, string>>, wanted?: readonly string[]): Promise<YosysOutcome>;
}

/** Yosys was stopped before it finished, which says nothing about its input. */
export class YosysTimeout extends PlatformError {
  constructor({ version, limit }: Pick<Yosys, "version" | "limit">, what: string) {
    super(
      "yosys",
      `${version} was stopped after ${limit} s of processor time with ${what}. Take fewer tokens, features or heads.`,
    );
  }
}

/** Yosys crashed, which says nothing about its input either. */
export class YosysCrash extends PlatformError {
  readonly crash: string;

  constructor({ version }: Pick<Yosys, "version">, crash: string, what: string) {
    super("yosys", `${version} crashed (${crash}) in ${what}. Install another version of Yosys.`);
    this.crash = crash;
  }
}

/** Throws  YosysTimeout or YosysCrash when Yosys did not come to an end by itself */
export function requireEnd(yosys: Yosys, { late, crash }: YosysOutcome, what: string): void {
  if (late) throw new YosysTimeout(yosys, what);
  if (crash !== null) throw new YosysCrash(yosys, crash, what);
}

const PACKAGE = "@yowasp/yosys";
const LARGEST_OUTPUT = 2 ** 28;
const SCRIPT = "script.ys";

/**
 * The requested Yosys; by default the system's if it is installed, otherwise the bundled one.
 * Throws  PlatformError when it is missing
 */
export async function findYosys(kind?: YosysKind, limit: ToolLimit = LONGEST_RUN): Promise<Yosys> {
  const found =
    (kind === "bundled" ? null : await systemYosys(limit)) ?? (kind === "system" ? null : await bundledYosys());
  if (found) return found;
  const [system, bundled] = ["Install Yosys (https://yosyshq.net)", `\`${installCommand([PACKAGE])}\``];
  const ways = kind === undefined ? `${system}, or run ${bundled}` : kind === "system" ? system : `Run ${bundled}`;
  const missing = kind === undefined ? "Neither a Yosys nor the package @yowasp/yosys is" : `No ${kind} Yosys is`;
  throw new PlatformError("yosys", `${missing} installed, but synthesis needs it. ${ways}.`);
}

async function systemYosys(limit: ToolLimit): Promise<Yosys | null> {
  const answer = await runTool("yosys", ["-V"], tmpdir());
  if (!answer.found) return null;
  return {
    kind: "system",
    limit,
    version: /^Yosys \S+/.exec(answer.text)?.[0] ?? "Yosys of unknown version",
    run: async (script, inputs, wanted = []) => {
      const folder = await mkdtemp(join(tmpdir(), "xpike-yosys-"));
      try {
        for (const [name, text] of Object.entries({ ...inputs, [SCRIPT]: script })) {
          await writeFile(join(folder, name), text);
        }
        const { ok, late, crash, text } = await runTool("yosys", ["-q", "-s", SCRIPT], folder, limit);
        const files = new Map<string, string>();
        for (const name of wanted) {
          const path = join(folder, name);
          const size = await stat(path).then(
            ({ size }) => size,
            () => null,
          );
          if (size !== null && size <= LARGEST_OUTPUT) files.set(name, await readFile(path, "utf8"));
        }
        return { ok, late, crash, text, files };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function bundledYosys(): Promise<Yosys | null> {
  const yowasp = await import("@yowasp/yosys").catch((error: unknown) => {
    if (isMissing(error, [PACKAGE])) return null;
    throw error;
  });
  if (!yowasp) return null;
  const { runYosys, version } = yowasp;
  const release = version.split(".").slice(0, 2).join(".");
  return {
    kind: "bundled",
    limit: Number.POSITIVE_INFINITY,
    version: `Yosys ${release} (@yowasp/yosys ${version})`,
    run: async (script, inputs, wanted = []) => {
      const decoder = new TextDecoder();
      let text = "";
      const hear = (bytes: Uint8Array | null) => {
        if (bytes) text += decoder.decode(bytes, { stream: true });
      };
      let [tree, ok, crash] = [{} as Files, true, null as string | null];
      try {
        const options = { stdout: hear, stderr: hear, decodeASCII: false };
        tree = ((await runYosys(["-q", "-s", SCRIPT], { ...inputs, [SCRIPT]: script }, options)) ?? {}) as Files;
      } catch (error) {
        // An exit code arrives as an exception that carries all files; a crash of the program as any other exception.
        ok = false;
        if (isExit(error)) tree = error.files;
        else crash = error instanceof Error ? error.message : String(error);
      }
      const files = new Map<string, string>();
      for (const name of wanted) {
        const content = tree[name];
        if (content instanceof Uint8Array) files.set(name, new TextDecoder().decode(content));
      }
      return { ok, late: false, crash, text: text.trim(), files };
    },
  };
}

type Files = Readonly<Record<string, unknown>>;

const isExit = (error: unknown): error is { readonly files: Files } =>
  error instanceof Error && "files" in error && typeof error.files === "object" && error.files !== null;
