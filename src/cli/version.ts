/** Which software made a result. */
import { readFileSync } from "node:fs";

/** Version of this package; the file is two folders up from both `src/cli` and `dist/cli`. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** For a report. */
export function versions(): Record<string, string> {
  return { xpikeformer: packageVersion(), node: process.versions.node };
}
