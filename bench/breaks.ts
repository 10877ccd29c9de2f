/** Damage to a sweep, as disks, people and servers cause it: in its folder, and on the server of its queue. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { SWEEP_FILES } from "../src/node/sweep/folder.ts";
import { RUN_FILES } from "../src/node/training.ts";
import type { Stream } from "../src/numeric/stream.ts";

/** Most files that are damaged at a time. */
const MOST = 5;
/** One in so many times, a network is damaged as well. */
const NETWORKS = 8;

/** Truncates files of rows, changes a digit in them, removes a line or a file; and truncates a network. Returns the number of damages. */
export function breakSweep(folder: string, random: Stream): number {
  const rows = join(folder, SWEEP_FILES.rows);
  if (!existsSync(rows)) return 0;
  const names = readdirSync(rows).filter((name) => name.endsWith(".jsonl"));
  let broken = 0;
  for (let left = Math.min(names.length, 1 + random.integer(MOST)); left > 0; left--) {
    const [name] = names.splice(random.integer(names.length), 1);
    breakRows(join(rows, name), random);
    broken++;
  }
  const networks = join(folder, SWEEP_FILES.networks);
  if (!existsSync(networks) || random.integer(NETWORKS) > 0) return broken;
  for (const name of readdirSync(networks)) {
    const path = join(networks, name, RUN_FILES.network);
    if (!existsSync(path)) continue;
    writeFileSync(path, cut(readFileSync(path), random));
    broken++;
  }
  return broken;
}

function breakRows(path: string, random: Stream): void {
  const bytes = readFileSync(path);
  const way = random.integer(4);
  if (way === 0) writeFileSync(path, cut(bytes, random));
  else if (way === 1) writeFileSync(path, changeDigit(bytes, random));
  else if (way === 2) {
    const lines = bytes.toString().trimEnd().split("\n");
    lines.splice(random.integer(lines.length), 1);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  } else rmSync(path);
}

const cut = (bytes: Uint8Array, random: Stream): Uint8Array => bytes.subarray(0, random.integer(bytes.length));

function changeDigit(bytes: Uint8Array, random: Stream): Uint8Array {
  const isDigit = (byte: number) => byte >= 48 && byte <= 57;
  const digits = [...bytes.keys()].filter((at) => isDigit(bytes[at]));
  if (digits.length === 0) return bytes;
  const changed = Uint8Array.from(bytes);
  const at = digits[random.integer(digits.length)];
  changed[at] = 48 + ((bytes[at] - 48 + 1 + random.integer(9)) % 10);
  return changed;
}

/** Removes or damages inputs, or rows, or everything that the server holds. Returns the number of damages: 0 if it held nothing. */
export async function breakServer(port: number, random: Stream): Promise<number> {
  const server = new Redis({ host: "127.0.0.1", port, maxRetriesPerRequest: null });
  server.on("error", () => {});
  try {
    const sweeps = await server.keys("xpike:sweep:*");
    const inputs = [...sweeps, ...(await server.keys("xpike:network:*"))];
    if (sweeps.length === 0) return 0;
    const way = random.integer(5);
    if (way === 0) await server.del(...inputs);
    else if (way === 1) for (const key of inputs) await server.append(key, "damage");
    else if (way === 2) await server.flushall();
    else {
      for (const key of sweeps.map((name) => name.replace("sweep", "rows"))) {
        const first = await server.lindexBuffer(key, 0);
        if (way === 3) await server.rpush(key, '{"point":', Buffer.from([0xff, 0, 0xc3]), "");
        else if (first === null) return 0;
        else await server.lset(key, 0, Buffer.from(changeDigit(first, random)));
      }
    }
    return 1;
  } finally {
    server.disconnect();
  }
}
