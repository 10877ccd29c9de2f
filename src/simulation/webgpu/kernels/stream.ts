/**
 * The residual stream in whole numbers: target = sat(target + what joins it). Twin: `saturate` of `hardware/integer-arithmetic.ts`; on the
 * CPU `kernels/assembly/integer-digital.ts`.
 */
import { defineKernel } from "../../../webgpu/kernel.ts";

const helpers = `
var<workgroup> stopped: atomic<u32>;
`;

/** What joins at `at`, `saturated` and counted. */
const join = (branch: string) => `
  let at = 256u * rowOf(group) + lane;
  if (at < call.count) {
    let sum = joined[at] + ${branch};
    let held = clamp(sum, call.low, call.high);
    joined[at] = held;
    if (held != sum) { atomicAdd(&stopped, 1u); }
  }
  workgroupBarrier();
  if (lane == 0u) { tally(call.counter, atomicLoad(&stopped)); }
`;

/** Numbers, repeated after `period` of them; none where it is 0. Shapes: target [count]; source [period]. */
export const JOIN = defineKernel({
  name: "join",
  numbers: { count: "u32", period: "u32", low: "i32", high: "i32", counter: "u32" },
  arrays: { source: "read i32", joined: "write i32" },
  lanes: 256,
  helpers: `${helpers}
fn sourceAt(at: u32) -> i32 {
  if (call.period == 0u) { return 0; }
  return source[at % call.period];
}
`,
  body: join("sourceAt(at)"),
});

/** A number where a bit is set. Shapes: target [rows][features]; bits [rows][words]. */
export const JOIN_BITS = defineKernel({
  name: "join bits",
  numbers: {
    count: "u32",
    features: "u32",
    words: "u32",
    value: "i32",
    low: "i32",
    high: "i32",
    counter: "u32",
  },
  arrays: { bits: "read u32", joined: "write i32" },
  lanes: 256,
  helpers: `${helpers}
fn bitAt(at: u32) -> i32 {
  let feature = at % call.features;
  return i32((bits[at / call.features * call.words + feature / 32u] >> (feature % 32u)) & 1u);
}
`,
  body: join("call.value * bitAt(at)"),
});
