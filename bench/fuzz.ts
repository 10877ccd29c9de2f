/**
 * `npm run fuzz`: runs near-valid inputs and noise through everything that reads files, specs and options from users.
 *
 *   npm run fuzz -- --inputs 1000000 --seed 1 [--readers experiment,npy]
 *   npm run fuzz -- --readers npy --seed 1 --show 4711
 *
 * Every reader runs in its own process, which is killed if it hangs. Errors meant for users are allowed; each input may take 2 s
 * and 200 MB. `--show` prints one input. The exit code is 1 when there are faults.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { type Fault, fuzzInputs, inputOf, shownInput } from "./fuzz-inputs.ts";
import { READERS } from "./fuzz-readers.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    readers: { type: "string", default: Object.keys(READERS).join() },
    show: { type: "string" },
    /** Options of a child: the numbers of its inputs. */
    from: { type: "string" },
    count: { type: "string", default: "0" },
  },
});

const seed = Number(values.seed);
const names = values.readers.split(",");
/** Milliseconds of silence after which a child counts as hung; longer than an input may take, because machines are busy. */
const SILENCE = 120_000;
/** Milliseconds between reports of a child, if no input takes long. */
const WORD = 500;

if (values.show !== undefined) console.log(shownInput(inputOf(names[0], seed, Number(values.show))));
else if (values.from !== undefined) await work(names[0], Number(values.from), Number(values.count));
else process.exitCode = await fuzzAll();

/** In a child: reports the number of its current input from time to time, and all faults. */
async function work(name: string, from: number, count: number): Promise<void> {
  let told = 0;
  const faults = await fuzzInputs(name, { seed, from, count }, (number) => {
    const now = performance.now();
    if (count > 1 && now - told < WORD) return;
    told = now;
    process.send!({ number });
  });
  process.send!({ faults }, () => process.disconnect());
}

async function fuzzAll(): Promise<number> {
  const shares = names.map((name) => READERS[name].share);
  const all = shares.reduce((sum, share) => sum + share, 0);
  let [inputs, faults] = [0, 0];
  for (const [i, name] of names.entries()) {
    const count = Math.ceil((Number(values.inputs) * shares[i]) / all);
    const begun = performance.now();
    const found = await fuzzReader(name, count);
    console.log(
      `${name}: ${count} inputs, ${found.length} faults, ${((performance.now() - begun) / 1000).toFixed(0)} s`,
    );
    for (const { number, what } of found.slice(0, 5))
      console.log(`  --readers ${name} --seed ${seed} --show ${number}\n  ${what}`);
    inputs += count;
    faults += found.length;
  }
  console.log(`${inputs} inputs, ${faults} faults, seed ${seed}`);
  return faults === 0 ? 0 : 1;
}

/** All inputs of a reader, restarting the process whenever it dies. */
async function fuzzReader(name: string, count: number): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (let from = 0; from < count; ) {
    const ended = await child(name, from, count - from);
    faults.push(...ended.faults);
    if (ended.isDone) break;
    // It died within the inputs since its last report: runs them one by one to find the one that kills it.
    let number = ended.number;
    for (; number < count; number++) {
      const one = await child(name, number, 1);
      if (!one.isDone) break;
    }
    faults.push({ reader: name, number, what: ended.what });
    from = number + 1;
  }
  return faults;
}

interface Ended {
  readonly isDone: boolean;
  readonly number: number;
  readonly what: string;
  readonly faults: readonly Fault[];
}

async function child(name: string, from: number, count: number): Promise<Ended> {
  const options = ["--readers", name, "--seed", String(seed), "--from", String(from), "--count", String(count)];
  const process = fork(import.meta.filename, options, { stdio: ["ignore", "inherit", "pipe", "ipc"] });
  let [number, text]: [number, string] = [from, ""];
  let faults: readonly Fault[] | undefined;
  process.stderr!.on("data", (data: Buffer) => {
    text = (text + data).slice(-2000);
  });
  let timer = hangs(process);
  process.on("message", (message: { number?: number; faults?: Fault[] }) => {
    clearTimeout(timer);
    timer = hangs(process);
    number = message.number ?? number;
    faults = message.faults ?? faults;
  });
  const [code, signal] = (await once(process, "exit")) as [number | null, string | null];
  clearTimeout(timer);
  return {
    isDone: faults !== undefined,
    number,
    what: `the process ends with ${code ?? signal}: ${text}`,
    faults: faults ?? [],
  };
}

function hangs(process: ChildProcess): NodeJS.Timeout {
  return setTimeout(() => process.kill("SIGKILL"), SILENCE);
}
