// Runs the bundled networks of `coded-link` with more and fewer pilots than they were trained on, with a seed that chose nothing. Writes
// pilots.json.
//
//   node experiments/coded-link/pilots.mjs [--setting NAME]
//
// The value gain of attention changes with the number of pilots as in decision feedback, so that sums over values stay alike; it is 256 at
// most. A point stops at 60 block errors or 500 blocks.
import { parseArgs } from "node:util";
import { measureSettings } from "./settings-of-slots.mjs";

/** Two pilot symbols of comb 2 are the training's. */
const SETTINGS = {
  "2-comb-6": { pilots: { symbols: [2, 11], comb: 6 }, valueGain: 256 },
  "2-comb-4": { pilots: { symbols: [2, 11], comb: 4 }, valueGain: 256 },
  "1-comb-2": { pilots: { symbols: [6], comb: 2 }, valueGain: 256 },
  "2-comb-2": { pilots: { symbols: [2, 11], comb: 2 }, valueGain: 128 },
  "4-comb-2": { pilots: { symbols: [1, 5, 8, 12], comb: 2 }, valueGain: 64 },
  "2-comb-1": { pilots: { symbols: [2, 11], comb: 1 }, valueGain: 64 },
};

const { values } = parseArgs({ options: { setting: { type: "string" } } });
await measureSettings({
  program: "pilots",
  seed: 81_022,
  settings: SETTINGS,
  only: values.setting,
  kept: /^(bler\.(lmmse|ann|xpikeformer)|coded\.(ebn0|gap|energy|payload)|cost\.(xpikeformer|annDigital)\.energy)/,
  change: ({ task, model }, { pilots, valueGain }) => ({
    task: { ...task, channel: { ...task.channel, pilots } },
    model: { ...model, attention: { ...model.attention, valueGain } },
  }),
});
