// Runs the bundled networks of `coded-link` over channels that they were not trained on, with a seed that chose nothing. Writes mismatch.json.
//
//   node experiments/coded-link/mismatch.mjs [--setting NAME]
//
// Each setting changes one thing of the training's channel. LMMSE is told the statistics of each channel. A point stops at 60 block errors or
// 500 blocks, which is within a quarter at 95 %.
import { parseArgs } from "node:util";
import { measureSettings } from "./settings-of-slots.mjs";

/** What differs from the channel of the training. */
const SETTINGS = {
  training: {},
  "speed-1": { speedMetresPerSecond: 1 },
  "speed-8": { speedMetresPerSecond: 8.3 },
  "speed-33": { speedMetresPerSecond: 33.3 },
  "delay-30": { delaySpreadNanoseconds: 30 },
  "delay-300": { delaySpreadNanoseconds: 300 },
  "tdl-a": { profile: "A" },
  "cdl-c": { kind: "cdl" },
};

const { values } = parseArgs({ options: { setting: { type: "string" } } });
await measureSettings({
  program: "mismatch",
  seed: 81_021,
  settings: SETTINGS,
  only: values.setting,
  kept: /^(bler|coded\.(ebn0|gap))\.(known|lmmse|ls|ann|digital|xpikeformer)/,
  change: ({ task }, setting) => ({ task: { ...task, channel: { ...task.channel, ...setting } } }),
});
