/** `xpike presets` and `xpike schema`: documents to start from, and what may stand in them. */
import { presets } from "../spec/presets.ts";
import { experimentJsonSchema } from "../spec/schema.ts";
import { findPreset } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Throws SpecError for an unknown name. */
export function presetsCommand(name: string | undefined, terminal: Terminal): void {
  if (name !== undefined) {
    terminal.out(asJson(findPreset(name).document));
    return;
  }
  const all = presets();
  const width = Math.max(...all.map((preset) => preset.name.length));
  for (const preset of all) terminal.out(`${preset.name.padEnd(width)}  ${preset.description}\n`);
}

export function schemaCommand(terminal: Terminal): void {
  terminal.out(asJson(experimentJsonSchema()));
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
