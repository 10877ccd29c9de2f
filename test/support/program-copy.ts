/** A copy of the built program with one changed line, as a laboratory may have one: `npm run build` first, as `npm test` does. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The built program. */
export const BUILT = join(root, "dist");

/** Copies what `xpike` needs without its studio; all random numbers are others. Returns the copy's `dist`. */
export function changedProgram(folder: string): string {
  const dist = join(folder, "dist");
  mkdirSync(folder, { recursive: true });
  cpSync(BUILT, dist, { recursive: true, filter: (name) => !/\.d\.ts$|dist.studio/.test(name) });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  changeLine(join(dist, "numeric/index.js"), "466688986", "466688987");
  return dist;
}

export function changeLine(path: string, before: string, after: string): void {
  const text = readFileSync(path, "utf8");
  if (!text.includes(before)) throw new Error(`${path} has no ${before}`);
  writeFileSync(path, text.replace(before, after));
}
