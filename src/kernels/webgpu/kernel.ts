/**
 * A kernel of the backend on a GPU: a WGSL function over the one memory of the backend, with numbers by name. The declarations are
 * written here, so that a kernel's text is only what it computes.
 *
 *   call.<number>     a number of the call; a place is the index of its first word
 *   load(at)          the number in a word of the memory, and store(at, value); words[at] is the word itself
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

/** Bindings: the numbers of a call, the memory, and the scratch memory. */
export const BINDING = { numbers: 0, memory: 1, scratch: 2 } as const;

/** The first word of the numbers is always 0, which no compiler knows (`pairs.ts`). */
export const FIRST_NUMBER = 1;

const typeOf = (kind: NumberKind): string => (kind === "place" ? "u32" : kind);

/** The whole WGSL module of a kernel. */
export function moduleOf({ numbers, lanes, helpers = "", body }: GpuKernel): string {
  const fields = Object.entries<NumberKind>(numbers).map(([name, kind]) => `  ${name}: ${typeOf(kind)},`);
  return `struct Numbers {
  zero: u32,
${fields.join("\n")}
}
@group(0) @binding(${BINDING.numbers}) var<uniform> call: Numbers;
@group(0) @binding(${BINDING.memory}) var<storage, read_write> words: array<u32>;
@group(0) @binding(${BINDING.scratch}) var<storage, read_write> parts: array<u32>;

fn load(at: u32) -> f32 { return bitcast<f32>(words[at]); }
fn store(at: u32, value: f32) { words[at] = bitcast<u32>(value); }
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
