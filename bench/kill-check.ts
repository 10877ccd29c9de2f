/**
 * `npm run kill-check`: commands killed at random moments end with the same bytes as an undisturbed one.
 *
 *   npm run kill-check -- --kills 200 --commands train,run,eval,sweep --threads 2 --seed 1
 *   npm run kill-check -- --commands queue --kills 50
 *   npm run kill-check -- --commands writers --kills 100
 *
 * The kills are divided evenly. After a kill of `sweep`, rows in its folder are damaged. `queue` is a sweep on a Valkey server, where
 * workers, the asking process and the server are killed, the server is emptied, and rows and inputs are damaged; `writers` runs two commands that compete for one folder, this many times. The exit code is 1 when anything differs or
 * a stack trace is printed; the folders are then kept.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stream } from "../src/numeric/stream.ts";
import { queueServer } from "../test/support/queue-server.ts";
import { median } from "./harness.ts";
import { COMMANDS, type Command, killCommand, writeLink } from "./kills.ts";
import { killQueue } from "./queue-kills.ts";
import { tryTwoWriters } from "./two-writers.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "60" },
    commands: { type: "string", default: Object.keys(COMMANDS).join() },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    xpike: { type: "string", default: join(import.meta.dirname, "../../dist/cli/main.js") },
  },
});

const commands = values.commands.split(",");
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-kills-"));
writeLink(folder);
const random = stream(Number(values.seed));
let faults = 0;
for (const command of commands) {
  const options = {
    folder,
    xpike: values.xpike,
    kills: Math.ceil(Number(values.kills) / commands.length),
    random: random.fork(command),
    threads: Number(values.threads),
  };
  const begun = performance.now();
  const { counts, found } = await check(command, options);
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  console.log(`${command}: ${counts}, ${found.length} faults, seed ${values.seed}, ${minutes} min`);
  for (const fault of found) console.log(`  ${fault}`);
  faults += found.length;
}
if (faults === 0) rmSync(folder, { recursive: true });
else console.log(`Kept in ${folder}`);
process.exitCode = faults === 0 ? 0 : 1;

async function check(command: string, options: Parameters<typeof killCommand>[1]) {
  if (command === "writers") {
    const { tries, times, faults } = await tryTwoWriters({ ...options, tries: options.kills });
    const refused = times.length > 0 ? [median(times), Math.max(...times)].map(Math.round) : ["?", "?"];
    const counts = `${tries} tries, the second refused after ${refused[0]} ms (median; at most ${refused[1]})`;
    return { counts, found: faults };
  }
  const server = queueServer();
  if (command === "queue" && server === undefined) return { counts: "0 kills", found: ["there is no Valkey server"] };
  const { kills, runs, faults, detail } =
    command === "queue" ? await killQueue(server!, options) : await killCommand(command as Command, options);
  return { counts: `${kills} kills${detail ? ` (${detail})` : ""}, ${runs} runs`, found: faults };
}
