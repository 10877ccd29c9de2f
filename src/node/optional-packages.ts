/**
 * Packages that only some commands need: optional peers in package.json, so that installing this package stays light. Who needs one is
 * told what to type; the versions are those of package.json.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PlatformError } from "../errors.ts";

/** This package: two folders up from both `src/node` and `dist/node`. */
const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What `load` imports. `need` says who needs it: "A queue".
 * Throws  PlatformError at the first of the packages, with the command that installs them; `hint` follows it
 */
export async function loadOptional<Loaded>(
  need: string,
  packages: readonly string[],
  load: () => Promise<Loaded>,
  hint = "",
): Promise<Loaded> {
  try {
    return await load();
  } catch (cause) {
    const names = packages.join(" and ");
    const [word, are, them] = packages.length === 1 ? ["package", "is", "it"] : ["packages", "are", "them"];
    const reason = isMissing(cause, packages)
      ? `which ${are} not installed`
      : `which cannot be loaded here (${String((cause as Error).message ?? cause).split("\n")[0]})`;
    const message = `${need} needs the ${word} ${names}, ${reason}. Install ${them} with \`${installCommand(packages)}\`.`;
    throw new PlatformError(packages[0], `${message}${hint && ` ${hint}`}`, { cause });
  }
}

/** Whether an import failed because one of the packages is not there, and not because it is broken. */
export const isMissing = (cause: unknown, packages: readonly string[]): boolean =>
  (cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND" &&
  packages.some((name) => (cause as Error).message.includes(`'${name}'`));

/** `npm install bullmq@6.7.0 ioredis@6.0.0`; with `--global` where this package is installed for the whole machine. */
export function installCommand(packages: readonly string[]): string {
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
    peerDependencies: Readonly<Record<string, string>>;
  };
  const versions = packages.map((name) => `${name}@${peerDependencies[name].replace(/^\^/, "")}`);
  const modules = join(PACKAGE, "..");
  const isGlobal = basename(modules) === "node_modules" && !existsSync(join(modules, "../package.json"));
  return ["npm install", ...(isGlobal ? ["--global"] : []), ...versions].join(" ");
}
