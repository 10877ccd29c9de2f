/**
 * Slows the pages of a browser with all their workers. `Emulation.setCPUThrottlingRate` of the browser's protocol would slow the main thread
 * alone: workers answer that the "Operation is only supported for pages, not workers". Processes of pages are stopped instead, for all but
 * one N-th of the time, by signals (POSIX), and browser, network and server run at full speed.
 */
import type { Browser } from "playwright-core";

/** Milliseconds that the processes run at a time. */
const RUN = 5;
/** Milliseconds between two looks for new processes. */
const LOOK = 20;

export interface Throttle {
  /** Share of the time in which the processes ran, as measured. */
  share(): number;
  end(): Promise<void>;
}

/** Throws  Error on Windows, which has no such signals */
export async function throttlePages(browser: Browser, rate: number): Promise<Throttle> {
  if (process.platform === "win32")
    throw new Error("Windows cannot stop a process for a while. Use --throttle elsewhere.");
  const session = await browser.newBrowserCDPSession();
  let renderers: number[] = [];
  const look = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  };
  const signal = (name: "SIGSTOP" | "SIGCONT") => {
    for (const id of renderers) {
      try {
        process.kill(id, name);
      } catch {
        // It has ended since.
      }
    }
  };
  const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  let ended = false;
  let [ran, all] = [0, 0];
  const alternate = async () => {
    while (!ended) {
      const start = performance.now();
      signal("SIGCONT");
      await wait(RUN);
      const stopped = performance.now();
      signal("SIGSTOP");
      // Timers are late: the pause follows from how long the processes really ran.
      await wait((rate - 1) * (stopped - start));
      ran += stopped - start;
      all += performance.now() - start;
    }
    signal("SIGCONT");
  };
  const watch = async () => {
    while (!ended) {
      await look();
      await wait(LOOK);
    }
  };
  await look();
  const both = [alternate(), watch()];
  return {
    share: () => ran / all,
    end: async () => {
      ended = true;
      await Promise.all(both);
      await session.detach();
    },
  };
}
