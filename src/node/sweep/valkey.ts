/**
 * What both sides of a queue share: the connection to a Valkey or Redis server, and the names of what is stored there.
 *
 *   queue `units-3-BUILD`         BullMQ jobs: points of a sweep; only workers of the same build listen to it, and those that accept it
 *   xpike:sweep:HASH              a manifest: build, design, and the content hash of each network
 *   xpike:network:SHA256          a network's file
 *   xpike:rows:HASH               finished rows of a sweep, as lines with checksums, until the process that asked for them has
 *                                 kept them
 *
 * Nothing there is a program: a worker runs one job by name on data that it validates, and checks content against its hash.
 */
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { z } from "zod";
import { isXpikeError, PlatformError, SpecError, type XpikeError } from "../../errors.ts";
import { buildId } from "../build.ts";
import { fileError } from "../files.ts";
import { loadOptional } from "../optional-packages.ts";
import { pointSpec, sha256 } from "./work.ts";

export const JOB = "measure-points";
export const PREFIX = "xpike";

/** Days that inputs stay on the server after they were last sent. */
export const INPUT_SECONDS = 14 * 86_400;

const CONNECT_MILLISECONDS = 4000;

/** Version of jobs and rows: programs with another version use another queue. */
const FORMAT = 3;

const QUEUE = `units-${FORMAT}-`;

/** Name of the queue that a build of the program works on. */
export const queueName = (build: string = buildId()): string => `${QUEUE}${build}`;

/** Other builds with points waiting on the server. */
export async function waitingBuilds(connection: Redis): Promise<string[]> {
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await connection.scan(cursor, "MATCH", `${PREFIX}:${QUEUE}*:wait`, "COUNT", 1000);
    for (const key of keys) found.add(key.slice(`${PREFIX}:${QUEUE}`.length, -":wait".length));
    cursor = next;
  } while (cursor !== "0");
  return othersOf(found);
}

/** Other builds whose workers are connected to the server. BullMQ names a worker's connection after its queue, in base 64. */
export async function listeningBuilds(connection: Redis): Promise<string[]> {
  const found = new Set<string>();
  for (const [, name] of String(await connection.client("LIST")).matchAll(/ name=xpike:([\w+/=]+)/g)) {
    const queue = Buffer.from(name, "base64").toString();
    if (queue.startsWith(QUEUE)) found.add(queue.slice(QUEUE.length));
  }
  return othersOf(found);
}

/** Whatever else someone has put on the server is left out. */
const othersOf = (builds: ReadonlySet<string>): string[] =>
  [...builds].filter((build) => /^[0-9a-f]{12}$/.test(build) && build !== buildId()).sort();

export const jobSpec = z.strictObject({
  /** Hash of the manifest. */
  sweep: sha256,
  points: z.array(pointSpec).min(1),
});

export type UnitJob = z.infer<typeof jobSpec>;

export const sweepKey = (hash: string): string => `xpike:sweep:${hash}`;
export const networkKey = (hash: string): string => `xpike:network:${hash}`;
export const rowsKey = (hash: string): string => `xpike:rows:${hash}`;

/** Beginning of a job's reason if the server has lost its inputs: it says nothing about the job, which is sent again with them. */
export const NO_INPUTS = "The server has no inputs";

/** The error of a server that refuses a command (a full disk, no memory, other rights), or of the packages, in words. */
export function serverError(cause: unknown): XpikeError {
  if (isXpikeError(cause)) return cause;
  const reason = String((cause as Error | undefined)?.message ?? cause)
    .split("\n")[0]
    .replace(/\.$/, "");
  return new PlatformError(
    "engine",
    `The queue's server refuses: ${reason}. Rows are kept. Look at the server's log, memory and disk, then continue with --resume.`,
    { cause },
  );
}

/** The packages of a queue. Throws PlatformError, with what to install, if one is missing. */
export async function loadQueue() {
  const load = () => Promise.all([import("bullmq"), import("ioredis")]);
  const [{ Queue, Worker, UnrecoverableError }, { Redis }] = await loadOptional("A queue", ["bullmq", "ioredis"], load);
  return { Queue, Worker, UnrecoverableError, Redis };
}

/** `valkey://host`, `valkeys://user@host:6380/1?ca=ca.pem`. */
export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly user: string | null;
  readonly password: string | null;
  /** `valkeys` or `rediss`: with a certificate, of the authority in the file if one is named. */
  readonly tls: { readonly ca: string | null } | null;
}

/** Environment variable of the password, which would be visible in a list of processes if it were in the address. */
export const PASSWORD_VARIABLE = "XPIKE_VALKEY_PASSWORD";

/** An address, valid or not, without its password: for messages and lists of processes. */
export function shownAddress(text: string): string {
  const end = text.lastIndexOf("@");
  const start = /^[a-z]*:\/+/i.exec(text)?.[0].length ?? 0;
  const [user, ...password] = text.slice(start, Math.max(start, end)).split(":");
  return password.length === 0 ? text : `${text.slice(0, start)}${user}:***${text.slice(end)}`;
}

/** An address that can be typed again: its password comes from the environment. */
export function withoutPassword(text: string): string {
  if (!/^[a-z]+:\/\//i.test(text) || !URL.canParse(text)) return shownAddress(text);
  const url = new URL(text);
  url.password = "";
  return url.href;
}

/** Throws SpecError for an invalid server address. */
export function parseQueueAddress(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): QueueAddress {
  const refuse = (reason: string): never => {
    throw new SpecError(
      "engine",
      `${shownAddress(text)} is not a queue server: ${reason}. Write valkey://127.0.0.1:6379, or valkeys:// for TLS.`,
    );
  };
  if (!/^(valkey|redis)s?:\/\//.test(text)) refuse("it does not begin with valkey://");
  if (!URL.canParse(text)) refuse("it is not a URL");
  const url = new URL(text);
  const database = url.pathname.replace(/^\//, "");
  if (!/^\d{0,3}$/.test(database)) refuse("the part after the host must be a database number");
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return refuse("write a % in user and password as %25");
    }
  };
  const secure = /^(valkey|redis)s:/.test(text);
  const ca = url.searchParams.get("ca");
  if (ca !== null && !secure) refuse("a certificate needs valkeys://");
  return {
    // Loopback if no host is named.
    host: url.hostname || "127.0.0.1",
    port: url.port === "" ? 6379 : Number(url.port),
    database: Number(database),
    user: url.username === "" ? null : decode(url.username),
    password: url.password === "" ? (environment[PASSWORD_VARIABLE] ?? null) : decode(url.password),
    tls: secure ? { ca } : null,
  };
}

/**
 * Opens a connection. Once established, it reconnects whenever it breaks, and commands wait for it.
 * Throws  PlatformError when no server answers, or it refuses the password
 */
export async function connectQueue(address: QueueAddress): Promise<Redis> {
  const { Redis } = await loadQueue();
  const { host, port, database, user, password, tls } = address;
  let stood = false;
  const connection = new Redis({
    host,
    port,
    db: database,
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MILLISECONDS,
    ...(user !== null && { username: user }),
    ...(password !== null && { password }),
    ...(tls && { tls: tls.ca === null ? {} : { ca: readAuthority(tls.ca) } }),
    retryStrategy: (times) => (stood ? Math.min(50 * times, 2000) : null),
  });
  let last: Error | undefined;
  connection.on("error", (error: Error) => {
    last = error;
  });
  try {
    await connection.connect();
    await connection.ping();
    stood = true;
    return connection;
  } catch (cause) {
    connection.disconnect();
    const { message } = last ?? (cause as Error);
    // Part of the server's answer to the greeting, which is long and does not say what the user needs.
    const reason = message.startsWith("NOAUTH") ? "it asks for a password" : message.replace(/\.$/, "");
    throw new PlatformError(
      "engine",
      `Cannot use a Valkey or Redis server at ${host}:${port}: ${reason}. Start one (\`valkey-server\`), or check the ` +
        `address, ${PASSWORD_VARIABLE} and TLS.`,
      { cause },
    );
  }
}

function readAuthority(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw isXpikeError(cause) ? cause : fileError(path, cause, "read");
  }
}
