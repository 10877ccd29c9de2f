/**
 * A Firefox for tests, headless, where one is installed: the path in `$FIREFOX`, or `firefox` or `firefox-esr` on `PATH`. Driven by
 * Marionette, Firefox's own protocol under WebDriver: `length:[type, id, ...]` over TCP. Playwright drives its own builds only.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { seconds } from "./speed.ts";

/** Null where no Firefox is installed. */
export function firefoxPath(): string | null {
  if (process.env.FIREFOX !== undefined) return process.env.FIREFOX;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = folders.flatMap((folder) => ["firefox", "firefox-esr"].map((name) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}

export interface Firefox {
  goTo(address: string): Promise<void>;
  /** Calls the function with JSON arguments in the page, and resolves with its result. */
  run<A extends unknown[], R>(work: (...given: A) => R | Promise<R>, ...given: A): Promise<R>;
  /** A picture of the window, as base64 PNG. */
  picture(): Promise<string>;
  close(): Promise<void>;
}

/** Milliseconds between two looks for the port that Firefox listens on. */
const PACE = 100;

export async function launchFirefox(path: string, width = 1400, height = 900): Promise<Firefox> {
  const profile = mkdtempSync(join(tmpdir(), "xpikeformer-firefox-"));
  writeFileSync(join(profile, "user.js"), 'user_pref("marionette.port", 0);\n');
  const argv = [
    "--headless",
    "--marionette",
    "--no-remote",
    "--profile",
    profile,
    `--width=${width}`,
    `--height=${height}`,
  ];
  const child = spawn(path, argv, { stdio: "ignore", env: { ...process.env, HOME: profile } });
  try {
    const { send, end } = await dial(child, join(profile, "MarionetteActivePort"));
    await send("WebDriver:NewSession", { capabilities: { alwaysMatch: {} } });
    await send("WebDriver:SetTimeouts", { script: seconds(120), pageLoad: seconds(60) });
    return {
      goTo: async (url) => void (await send("WebDriver:Navigate", { url })),
      run: async (work, ...given) => {
        const script = `const done = arguments[arguments.length - 1];
          Promise.resolve((${work})(...arguments[0])).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
        const { value: answer } = await send("WebDriver:ExecuteAsyncScript", { script, args: [given] });
        const { value, error } = answer as { value: never; error?: string };
        if (error !== undefined) throw new Error(error);
        return value;
      },
      picture: async () => (await send("WebDriver:TakeScreenshot", { full: false })).value as string,
      close: async () => {
        end();
        await stop(child);
        rmSync(profile, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop(child);
    rmSync(profile, { recursive: true, force: true });
    throw error;
  }
}

type Send = (command: string, parameters: object) => Promise<{ value?: unknown }>;

/** Waits for the port, and connects. */
async function dial(child: ChildProcess, file: string): Promise<{ send: Send; end: () => void }> {
  const limit = performance.now() + seconds(60);
  while (!existsSync(file) || readFileSync(file, "utf8") === "") {
    if (child.exitCode !== null) throw new Error(`Firefox ended with code ${child.exitCode}.`);
    if (performance.now() > limit) throw new Error("Firefox opened no port.");
    await new Promise((resolve) => setTimeout(resolve, PACE));
  }
  const socket = connect(Number(readFileSync(file, "utf8")), "127.0.0.1");
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  const ready = new Promise<void>((resolve, reject) => {
    receive(socket, (message) => {
      if (!Array.isArray(message)) return resolve();
      const [, id, error, result] = message as [number, number, { message: string } | null, never];
      if (error) waiting.get(id)?.reject(new Error(error.message));
      else waiting.get(id)?.resolve(result);
      waiting.delete(id);
    });
    socket.once("error", reject);
  });
  await ready;
  let calls = 0;
  return {
    send: (command, parameters) =>
      new Promise((resolve, reject) => {
        const id = ++calls;
        waiting.set(id, { resolve, reject });
        const text = JSON.stringify([0, id, command, parameters]);
        socket.write(`${Buffer.byteLength(text)}:${text}`);
      }),
    end: () => socket.destroy(),
  };
}

/** Calls `take` with each message of a stream. */
function receive(socket: Socket, take: (message: unknown) => void): void {
  let left = Buffer.alloc(0);
  socket.on("data", (data) => {
    left = Buffer.concat([left, data]);
    for (;;) {
      const colon = left.indexOf(":");
      const end = colon + 1 + Number(left.subarray(0, Math.max(0, colon)));
      if (colon < 0 || left.length < end) return;
      take(JSON.parse(left.subarray(colon + 1, end).toString()));
      left = left.subarray(end);
    }
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill();
  await closed;
}
