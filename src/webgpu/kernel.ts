/**
 * A kernel: a WGSL function with named numbers and arrays. The declarations that bind them are written here, so that a kernel's text
 * is only what it computes.
 *
 *   call.<number> a number of the call
 *   <array>[i]    an array in the GPU's memory
 *   tally(k, n)   adds n to the k-th of the counters that are read back with the results, 64 bits each
 *   rowOf(group)  the second and third dimension of a grid as one, because each is limited to 65,535 groups
 */

export type ArrayKind = "read u32" | "read i32" | "write u32" | "write i32";

export interface Kernel<Numbers extends string = string, Arrays extends string = string> {
  readonly name: string;
  /** Signed unless `u32`. */
  readonly numbers: Readonly<Record<Numbers, "i32" | "u32">>;
  readonly arrays: Readonly<Record<Arrays, ArrayKind>>;
  /** Invocations of a group. */
  readonly lanes: number;
  /** Body of `main(group, lane)`, after helper functions. */
  readonly helpers?: string;
  readonly body: string;
}

export const defineKernel = <Numbers extends string, Arrays extends string>(
  kernel: Kernel<Numbers, Arrays>,
): Kernel<Numbers, Arrays> => kernel;

/** Most groups in the second dimension of a grid; further ones follow in the third. */
export const GRID_ROWS = 32768;

/** Groups of a grid of `columns` x `rows`. */
export const gridOf = (columns: number, rows: number): [number, number, number] => [
  columns,
  Math.min(rows, GRID_ROWS),
  Math.ceil(rows / GRID_ROWS),
];

/** The groups that so many items take, `lanes` each. */
export const gridOver = (items: number, lanes: number): [number, number, number] =>
  gridOf(1, Math.max(1, Math.ceil(items / lanes)));

/** Bindings: numbers, counters, then the arrays in their order. */
export const FIRST_ARRAY = 2;

/** The whole WGSL module of a kernel. */
export function moduleOf({ numbers, arrays, lanes, helpers = "", body }: Kernel): string {
  const fields = Object.entries(numbers).map(([name, type]) => `  ${name}: ${type},`);
  const bindings = Object.entries(arrays).map(([name, kind], i) => {
    const [access, type] = kind.split(" ");
    const mode = access === "read" ? "read" : "read_write";
    return `@group(0) @binding(${FIRST_ARRAY + i}) var<storage, ${mode}> ${name}: array<${type}>;`;
  });
  return `struct Numbers {
${fields.join("\n")}
}
@group(0) @binding(0) var<uniform> call: Numbers;
@group(0) @binding(1) var<storage, read_write> counters: array<atomic<u32>>;
${bindings.join("\n")}

fn tally(counter: u32, amount: u32) {
  if (amount == 0u) { return; }
  let before = atomicAdd(&counters[2u * counter], amount);
  if (before > 0xffffffffu - amount) { atomicAdd(&counters[2u * counter + 1u], 1u); }
}

fn rowOf(group: vec3u) -> u32 { return group.y + ${GRID_ROWS}u * group.z; }
${helpers}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  // Every kernel binds the counters, whether it counts or not.
  tally(0u, 0u);
${body}
}
`;
}
