/**
 * A kernel of the backend on a GPU: a WGSL function over the memory of the backend, with numbers by name. The declarations are
 * written here, so that a kernel's text is only what it computes.
 *
 *   call.<number>     a number of the call; a place is the index of its first word
 *   load(at)          the number in a word of the memory, and store(at, value); loadWord(at) and storeWord(at, word) are the word itself
 *   loadPart(at)      the same of the scratch memory (storePart, parts[at]), where a kernel leaves what the next one takes
 *   rowOf(group)      the second and third dimension of a grid as one, because each is limited to 65,535 groups
 *   itemOf(group, lane)   the item of a lane, in a grid of `gridOver`
 *
 * The memory is an array of words, not of numbers: a GPU may change the bits of a number that it only copies, such as packed spikes that
 * look like a subnormal number.
 */
import { GRID_ROWS } from "../../webgpu/kernel.ts";

export type NumberKind = "place" | "u32" | "i32" | "f32";

export interface GpuKernel<Numbers extends string = string> {
  readonly name: string;
  readonly numbers: Readonly<Record<Numbers, NumberKind>>;
  /** Invocations of a group, in one dimension. */
  readonly lanes: number;
  readonly helpers?: string;
  /** Body of `main(group, lane)`. */
  readonly body: string;
}

export const gpuKernel = <Numbers extends string>(kernel: GpuKernel<Numbers>): GpuKernel<Numbers> => kernel;

/** A kernel that does the same for each of `count` items: `at` is the item. */
export const eachItem = <Numbers extends string>(
  name: string,
  numbers: Readonly<Record<Numbers, NumberKind>>,
  body: string,
  helpers = "",
): GpuKernel<Numbers | "count"> =>
  gpuKernel({
    name,
    numbers: { count: "u32", ...numbers } as Readonly<Record<Numbers | "count", NumberKind>>,
    lanes: 256,
    helpers,
    body: `
  let at = itemOf(group, lane);
  if (at >= call.count) { return; }
${body}`,
  });

/** Bindings: the numbers of a call, the scratch memory, and the buffers of the memory from that on. */
export const BINDING = { numbers: 0, scratch: 1, memory: 2 } as const;

/** The first word of the numbers is always 0, which no compiler knows (`pairs.ts`). */
export const FIRST_NUMBER = 1;

const typeOf = (kind: NumberKind): string => (kind === "place" ? "u32" : kind);

/** The buffers of the memory, of which all but the last have so many words. */
export interface MemoryShape {
  readonly buffers: number;
  readonly words: number;
}

/** Declarations of the memory, and access to its words. */
function memoryOf({ buffers, words }: MemoryShape): string {
  const all = Array.from({ length: buffers }, (_, i) => i);
  const declared = all.map(
    (i) => `@group(0) @binding(${BINDING.memory + i}) var<storage, read_write> words${i}: array<u32>;`,
  );
  /** Acts on the word \`at\` of the buffer that holds it. */
  const within = (act: (word: string) => string) =>
    all
      .map((i) => {
        const action = `{ ${act(`words${i}[at - ${i * words}u]`)} }`;
        return i + 1 === buffers ? action : `if (at < ${(i + 1) * words}u) ${action}`;
      })
      .join("\n  else ");
  const one = buffers === 1;
  return `${declared.join("\n")}

fn loadWord(at: u32) -> u32 {
  ${one ? "return words0[at];" : `var word: u32;\n  ${within((word) => `word = ${word};`)}\n  return word;`}
}
fn storeWord(at: u32, word: u32) {
  ${one ? "words0[at] = word;" : within((place) => `${place} = word;`)}
}`;
}

/** The whole WGSL module of a kernel. */
export function moduleOf({ numbers, lanes, helpers = "", body }: GpuKernel, memory: MemoryShape): string {
  const fields = Object.entries<NumberKind>(numbers).map(([name, kind]) => `  ${name}: ${typeOf(kind)},`);
  return `struct Numbers {
  zero: u32,
${fields.join("\n")}
}
@group(0) @binding(${BINDING.numbers}) var<uniform> call: Numbers;
@group(0) @binding(${BINDING.scratch}) var<storage, read_write> parts: array<u32>;
${memoryOf(memory)}

fn load(at: u32) -> f32 { return bitcast<f32>(loadWord(at)); }
fn store(at: u32, value: f32) { storeWord(at, bitcast<u32>(value)); }
fn loadPart(at: u32) -> f32 { return bitcast<f32>(parts[at]); }
fn storePart(at: u32, value: f32) { parts[at] = bitcast<u32>(value); }
fn rowOf(group: vec3u) -> u32 { return group.y + ${GRID_ROWS}u * group.z; }
fn itemOf(group: vec3u, lane: u32) -> u32 { return ${lanes}u * rowOf(group) + lane; }
${helpers}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
${body}
}
`;
}
