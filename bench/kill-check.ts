/**
 * `npm run kill-check`: commands that are killed at random moments end with the bytes of one that nobody disturbs.
 *
 *   npm run kill-check -- --kills 200 --commands train,run,eval --threads 2 --seed 1
 *
 * The kills are shared evenly. The exit code is 1 when anything differs; the folders are kept then.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stream } from "../src/numeric/stream.ts";
import { COMMANDS, type Command, killCommand, writeLink } from "./kills.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "60" },
    commands: { type: "string", default: Object.keys(COMMANDS).join() },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});

const commands = values.commands.split(",") as Command[];
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-kills-"));
const xpike = join(import.meta.dirname, "../../dist/cli/main.js");
writeLink(folder);
const random = stream(Number(values.seed));
let faults = 0;
for (const command of commands) {
  const options = {
    folder,
    xpike,
    kills: Math.ceil(Number(values.kills) / commands.length),
    random: random.fork(command),
    threads: Number(values.threads),
  };
  const counts = await killCommand(command, options);
  console.log(`${command}: ${counts.kills} kills, ${counts.runs} runs, ${counts.faults.length} faults`);
  for (const fault of counts.faults) console.log(`  ${fault}`);
  faults += counts.faults.length;
}
if (faults === 0) rmSync(folder, { recursive: true });
else console.log(`Kept in ${folder}`);
process.exitCode = faults === 0 ? 0 : 1;
