// Measures block error rates of the LDPC decoder on the AWGN channel next to published ones, and writes ldpc.json.
//
//   node experiments/coded-link/ldpc.mjs [--setting NAME] [--ebn0 DECIBELS] [--errors 60] [--blocks 6000] [--out ldpc.json]
//
// A point stops at that many block errors, which is within a quarter at 95 %, or at that many blocks. All points take about three minutes on
// one idle core.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { stream } from "xpikeformer";
import { encodeBlock, ldpcCode, ldpcDecoder } from "xpikeformer/internal";
import { SETTINGS } from "./settings.mjs";

const { values } = parseArgs({
  options: {
    setting: { type: "string" },
    ebn0: { type: "string" },
    errors: { type: "string", default: "60" },
    blocks: { type: "string", default: "6000" },
    out: { type: "string", default: "ldpc.json" },
  },
});
const limits = { errors: Number(values.errors), blocks: Number(values.blocks) };
const seed = 1;

/** Blocks of random bits at one Eb/N0 (dB) until a limit is reached. */
function measurePoint({ informationBits, codedBits, decoder: options }, decibels) {
  const code = ldpcCode({ informationBits, codedBits, bitsPerSymbol: 2 });
  const decoder = ldpcDecoder(code, options);
  // Gray-coded QPSK is two BPSK channels: amplitude 1 and noise of variance 1 / (2 R Eb/N0) in each part.
  const variance = codedBits / (2 * informationBits * 10 ** (decibels / 10));
  const deviation = Math.sqrt(variance);
  const random = stream(seed).fork("ldpc", informationBits, codedBits, decibels);
  const [source, noise] = [random.fork("bits"), random.fork("noise")];
  const bits = new Uint8Array(informationBits);
  const llrs = new Float32Array(codedBits);
  const counts = { blocks: 0, errors: 0, undetected: 0, iterations: 0, checkUpdates: 0, bitUpdates: 0 };
  while (counts.errors < limits.errors && counts.blocks < limits.blocks) {
    for (let i = 0; i < informationBits; i++) bits[i] = source.word() >>> 31;
    const sent = encodeBlock(code, bits);
    for (let i = 0; i < codedBits; i++) llrs[i] = (2 * (1 - 2 * sent[i] + deviation * noise.normal())) / variance;
    const decoded = decoder.decode(llrs);
    const wrong = decoded.bits.some((bit, i) => bit !== bits[i]);
    counts.blocks++;
    if (wrong) counts.errors++;
    if (wrong && decoded.satisfied) counts.undetected++;
    counts.iterations += decoded.work.iterations;
    counts.checkUpdates += decoded.work.checkUpdates;
    counts.bitUpdates += decoded.work.bitUpdates;
  }
  return { ebN0: decibels, limits, ...counts };
}

const out = new URL(values.out, import.meta.url);
for (const setting of SETTINGS) {
  if (values.setting !== undefined && setting.name !== values.setting) continue;
  for (const decibels of setting.ebN0) {
    if (values.ebn0 !== undefined && decibels !== Number(values.ebn0)) continue;
    const point = measurePoint(setting, decibels);
    console.error(`${setting.name}: ${JSON.stringify(point)}`);
    const before = JSON.parse(readFileSync(out, "utf8"));
    const others = (before[setting.name]?.points ?? []).filter(({ ebN0 }) => ebN0 !== decibels);
    const points = [...others, point].sort((a, b) => a.ebN0 - b.ebN0);
    const command = `node experiments/coded-link/ldpc.mjs --setting ${setting.name}`;
    writeFileSync(out, `${JSON.stringify({ ...before, [setting.name]: { command, seed, points } }, null, 2)}\n`);
  }
}
