/** `xpike presets` and `xpike schema`: documents to start from, and their JSON Schema. */
import { findPreset, presets } from "../experiment/presets.ts";
import { writeFileAtomic } from "../node/files.ts";
import type { FileOptions } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** Throws SpecError for an unknown name, FileError when the file cannot be written. */
export async function presetsCommand(
  name: string | undefined,
  options: FileOptions,
  terminal: Terminal,
): Promise<void> {
  if (name !== undefined) return deliver(asJson(findPreset(name).document), options, terminal);
  const all = presets();
  const width = Math.max(...all.map((preset) => preset.name.length));
  const list = all.map((preset) => `${preset.name.padEnd(width)}  ${preset.description}\n`).join("");
  await deliver(list, options, terminal);
}

/** Throws FileError when the file cannot be written. */
export async function schemaCommand(options: FileOptions, terminal: Terminal): Promise<void> {
  // Loaded here, because presets need neither the validator nor the descriptions.
  const [{ experimentJsonSchema }, { DESCRIPTIONS }] = await Promise.all([
    import("../experiment/schema.ts"),
    import("../experiment/descriptions.ts"),
  ]);
  await deliver(asJson(experimentJsonSchema(DESCRIPTIONS)), options, terminal);
}

/** Writes to a named file directly, since redirected output would include npm's own lines. */
async function deliver(text: string, { out }: FileOptions, terminal: Terminal): Promise<void> {
  if (out === undefined) return terminal.out(text);
  await writeFileAtomic(out, text);
  terminal.out(`${out}\n`);
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
