/**
 * Rates of the output spikes at the query tokens, and the backward pass. Twin: `model/read-out.ts`. `queries`: Q ascending
 * tokens, int32.
 */

/** rates [B, Q, n] = share of the T steps in which a neuron fired. bits `[T][B N][words]`, n a multiple of 4. */
export function spikeRates(
  bits: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  queries: usize,
  count: i32,
  n: i32,
  rates: usize,
): void {
  const places = i32x4(1, 2, 4, 8);
  const stepBytes = (<usize>(prompts * tokens * words)) << 2;
  const whole = f32x4.splat(<f32>steps);
  for (let b = 0; b < prompts; b++) {
    for (let i = 0; i < count; i++) {
      const row = bits + ((<usize>((b * tokens + load<i32>(queries + ((<usize>i) << 2))) * words)) << 2);
      for (let f = 0; f < n; f += 4) {
        let at = row + ((<usize>(f >> 5)) << 2);
        let fired = i32x4.splat(0);
        for (let t = 0; t < steps; t++) {
          const lanes = i32x4.splat(<i32>(load<u32>(at) >> (f & 31)));
          fired = i32x4.sub(fired, i32x4.ne(v128.and(lanes, places), i32x4.splat(0)));
          at += stepBytes;
        }
        v128.store(rates, f32x4.div(f32x4.convert_i32x4_s(fired), whole));
        rates += 16;
      }
    }
  }
}

/** dSpikes [T, B N, n] = dRates / T at the query tokens, 0 elsewhere. */
export function spikeRatesBackward(
  dRates: usize,
  steps: i32,
  prompts: i32,
  tokens: i32,
  queries: usize,
  count: i32,
  n: i32,
  dSpikes: usize,
): void {
  const whole = f32x4.splat(<f32>steps);
  const bytes = (<usize>n) << 2;
  const stepBytes = <usize>(prompts * tokens) * bytes;
  memory.fill(dSpikes, 0, <usize>steps * stepBytes);
  for (let b = 0; b < prompts; b++) {
    for (let i = 0; i < count; i++) {
      const row = dSpikes + <usize>(b * tokens + load<i32>(queries + ((<usize>i) << 2))) * bytes;
      for (let f: usize = 0; f < bytes; f += 16) {
        const share = f32x4.div(v128.load(dRates + f), whole);
        for (let t = 0; t < steps; t++) v128.store(row + f + <usize>t * stepBytes, share);
      }
      dRates += bytes;
    }
  }
}
