/** `xpike device`: measured curves of a device, from CSV, as a part of an experiment. */
import { readMeasuredCurves } from "../device/measured-csv.ts";
import { findPreset } from "../experiment/presets.ts";
import { readFileChecked, writeFileAtomic } from "../node/files.ts";
import type { DeviceCommandOptions } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** Most bytes of a file of curves: a character takes at most four. */
const MOST_BYTES = 4e6;

/** Throws FileError when a file cannot be read, or is no table of curves; SpecError for an unknown preset. */
export async function deviceCommand(
  paths: readonly string[],
  { preset, out }: DeviceCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const read = async (name: string) => ({
    name,
    text: new TextDecoder().decode(await readFileChecked(name, MOST_BYTES)),
  });
  const { device, notes } = readMeasuredCurves(await Promise.all(paths.map(read)));
  for (const note of notes) terminal.err(`${note}\n`);
  const part = { ...(preset !== undefined && { preset: findPreset(preset).name }), hardware: { crossbar: { device } } };
  const text = `${compact(JSON.stringify(part, null, 2))}\n`;
  if (out === undefined) return terminal.out(text);
  await writeFileAtomic(out, text);
  terminal.out(`${out}\n`);
}

/** JSON with each list of numbers on one line. */
const compact = (json: string): string =>
  json.replace(/\[\s+([-+.\de,\s]+?)\s+\]/g, (_, numbers: string) => `[${numbers.split(/,\s+/).join(", ")}]`);
