/**
 * From what a person wrote to an `Experiment`: JSON text or a plain value, with optional presets underneath.
 *
 * The document is laid over the preset, and of several presets each over the one before: objects field by field, everything else
 * (lists, numbers, an object of another `kind`) as a whole. So are `checkpoints`, because networks of one size belong together: a
 * document that names its own is not compared with the preset's. The result names no preset any more, so it can be saved and read
 * again with the same meaning.
 */
import { SpecError, suggest } from "../errors.ts";
import { withPresentNames } from "./earlier-names.ts";
import { type Experiment, type ExperimentDocument, type ExperimentOf, experimentSpec } from "./experiment.ts";
import { explainIssues } from "./explain.ts";
import type { HardwareSpec } from "./hardware.ts";
import { parseJsonWithComments, plainValue, shorten } from "./json.ts";
import { type Preset, presets } from "./presets.ts";

/**
 * Checks an experiment and fills in every default.
 *
 * `name` stands for the document in error messages, usually its file name.
 * Throws  SpecError for anything that is not an experiment. Its path is the first field at fault (`model.heads`) or, for
 *         text that is not JSON, `name:line:column`; its message lists all problems.
 *
 * @example
 * parseExperiment('{ "preset": "paper-2x2-small", "model": { "steps": 8 } }').model.width; // 256
 */
export function parseExperiment<D extends ExperimentDocument>(document: D, name?: string): ExperimentOf<D>;
export function parseExperiment(source: unknown, name?: string): Experiment;
export function parseExperiment(source: unknown, name = "experiment"): Experiment {
  const written = typeof source === "string" ? parseJsonWithComments(source, name) : source;
  const document = applyPreset(plainValue(written, name));
  const result = experimentSpec.safeParse(document);
  if (result.success) return withTrainedBits(result.data);
  throw explainIssues(result.error.issues, document, name);
}

/** The widths that a network is trained for are its model's. */
function withTrainedBits(experiment: Experiment): Experiment {
  const { model, training } = experiment;
  const { quantization } = training;
  return model.kind === "ann" && quantization ? { ...experiment, model: { ...model, quantization } } : experiment;
}

/** There are fewer that go together. */
const MOST_PRESETS = 16;

function applyPreset(written: unknown): unknown {
  if (!isObject(written)) return written;
  const document = written.model === undefined ? written : { ...written, model: withPresentNames(written.model) };
  if (document.preset === undefined) return document;
  const { preset, ...rest } = document;
  const names = Array.isArray(preset) ? preset : [preset];
  if (names.length > MOST_PRESETS) {
    throw new SpecError("preset", `preset lists ${names.length} presets; at most ${MOST_PRESETS} can be combined.`);
  }
  const layers = names.map((name) => presetDocument(name));
  return [...layers, rest].reduce(layOver, {});
}

/** The hardware of a preset that is a machine without a network. Throws SpecError, with the likely meaning, for any other name. */
export function machineByName(name: string): HardwareSpec {
  const machines = presets().filter(({ document }) => document.model === undefined);
  return experimentSpec.parse(presetDocument(name, machines, "machine")).hardware;
}

function presetDocument(wanted: unknown, known: readonly Preset[] = presets(), field = "preset"): unknown {
  const preset = known.find(({ name }) => name === wanted);
  if (preset) return preset.document;
  const names = known.map(({ name }) => name);
  const nearest = typeof wanted === "string" ? suggest(wanted, names) : undefined;
  const help = nearest ? ` Did you mean "${nearest}"?` : "";
  throw new SpecError(field, `${field} is ${shorten(wanted)}; known ${field}s: ${names.join(", ")}.${help}`);
}

/** One document over another: objects field by field, an object of another kind and everything else as a whole. */
export function layOver(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  if (over.kind !== undefined && over.kind !== base.kind) return over;
  const result = { ...base };
  for (const [key, value] of Object.entries(over))
    result[key] = Object.hasOwn(base, key) && key !== "checkpoints" ? layOver(base[key], value) : value;
  return result;
}

/**
 * A document with a value laid over one field, such as `["hardware", "adc", "bits"]`; numbers reach into lists. The kind of an object
 * changes the object: its other fields belong to the old kind.
 */
export function withField(document: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return layOver(document, value);
  if (Array.isArray(document)) {
    const at = /^\d+$/.test(key) ? Number(key) : document.length;
    if (at < document.length) return document.map((entry, i) => (i === at ? withField(entry, rest, value) : entry));
  }
  const owner = isObject(document) ? document : {};
  if (key === "kind" && rest.length === 0) return layOver(owner, { kind: value });
  const inner = Object.hasOwn(owner, key) ? owner[key] : undefined;
  return { ...owner, [key]: withField(inner, rest, value) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
