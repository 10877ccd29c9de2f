/** Runs inputs through a reader. An input is a function of seed, reader and number, so any of them can be recreated. */
import { isXpikeError } from "../src/errors.ts";
import { stream } from "../src/numeric/stream.ts";
import { mutateText, noise } from "./fuzz-mutate.ts";
import type { Input } from "./fuzz-reader.ts";
import { READERS } from "./fuzz-readers.ts";

export interface Fault {
  readonly reader: string;
  readonly number: number;
  readonly what: string;
}

export interface FuzzRange {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}

/** Processor seconds that one input may take, and bytes by which memory may grow. */
export const MOST_SECONDS = 2;
export const MOST_BYTES = 200 * 2 ** 20;
/** Length of a message that a person can read. */
const LONGEST_MESSAGE = 20_000;

export function inputOf(name: string, seed: number, number: number): Input {
  const reader = READERS[name];
  const random = stream(seed).fork(name, number);
  const valid = reader.valid[random.integer(reader.valid.length)];
  if (random.integer(50) > 0) return reader.mutate(valid as never, random);
  const bytes = noise(random.integer(200), random);
  return typeof valid === "string" ? mutateText(new TextDecoder().decode(bytes), random) : bytes;
}

/** Runs inputs and returns faults: an error not meant for users, an input that took too long, or too much memory. */
export async function fuzzInputs(
  name: string,
  { seed, from, count }: FuzzRange,
  onInput: (number: number) => void = () => {},
): Promise<Fault[]> {
  const reader = READERS[name];
  const faults: Fault[] = [];
  let base = process.resourceUsage().maxRSS * 1024;
  for (let number = from; number < from + count; number++) {
    const input = inputOf(name, seed, number);
    onInput(number);
    const report = (what: string) => faults.push({ reader: name, number, what });
    const wall = performance.now();
    const before = process.cpuUsage();
    try {
      await reader.read(input as never);
    } catch (error) {
      if (!isXpikeError(error)) report(String((error as Error)?.stack ?? error));
      else if (error.message.length > LONGEST_MESSAGE) report(`a message of ${error.message.length} characters`);
    }
    if (performance.now() - wall > 1000 * MOST_SECONDS) {
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      if (seconds > MOST_SECONDS) report(`takes ${seconds.toFixed(1)} s`);
    }
    const peak = process.resourceUsage().maxRSS * 1024;
    // Garbage of many inputs grows slowly; an input with this much growth at once is at fault.
    if (peak - base > MOST_BYTES) report(`takes ${Math.round((peak - base) / 2 ** 20)} MB`);
    base = Math.max(base, peak);
  }
  return faults;
}

export const shownInput = (input: Input): string =>
  typeof input === "string" ? JSON.stringify(input) : `base64 ${Buffer.from(input).toString("base64")}`;
