/** The studio in a browser, for tests: records its figures, and every error of the page or its console. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type StudioServer, serveStudio } from "../../dist/node.js";
import { launchChromium } from "./chromium.ts";
import { seconds } from "./speed.ts";

/** The page's figures, each time that they change. */
export interface Snapshot {
  readonly chips: number;
  readonly prompts: number;
  readonly figures: Readonly<Record<string, number>>;
}

interface HostedStudio {
  readonly server: StudioServer;
  readonly browser: Browser;
  /** `openStudioPage` of this studio. */
  open(prepare?: Prepare, options?: PageOptions): ReturnType<typeof openStudioPage>;
}

/** What is done to a page before the studio opens in it. */
type Prepare = (page: Page) => Promise<unknown>;

interface PageOptions {
  /** Of the address. */
  readonly fragment?: string;
  readonly prompts?: number;
}

/** A server of the studio and a browser with these arguments, while the tests of a file run. */
export function hostStudio(args: readonly string[] = []): HostedStudio {
  const hosted: { server?: StudioServer; browser?: Browser; open: HostedStudio["open"] } = {
    open: (prepare, options) => openStudioPage(hosted.browser!, hosted.server!.address, prepare, options),
  };
  beforeAll(async () => {
    hosted.server = await serveStudio();
    hosted.browser = await launchChromium(args);
  });
  afterAll(async () => {
    await hosted.browser?.close();
    await hosted.server?.close();
  });
  return hosted as HostedStudio;
}

/** Opens the studio until the test ends, with its example on one chip. A test should find `errors` empty at its end. */
export async function openStudioPage(
  browser: Browser,
  address: string,
  prepare?: Prepare,
  { fragment = "", prompts = 160 }: PageOptions = {},
) {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  // Shorter than the limit of a test, so that a test which waits in vain says for what.
  page.setDefaultTimeout(seconds(120));
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.addInitScript(() => {
    const snapshots: unknown[] = [];
    Object.assign(window, { snapshots });
    new MutationObserver(() => {
      const basis = document.querySelector<HTMLElement>("#basis");
      const numbers = [...document.querySelectorAll<HTMLElement>("[data-figure][data-value]")];
      if (!basis || numbers.length === 0) return;
      snapshots.push({
        chips: Number(basis.dataset.chips),
        prompts: Number(basis.dataset.prompts),
        figures: Object.fromEntries(numbers.map(({ dataset }) => [dataset.figure, Number(dataset.value)])),
      });
    }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  await prepare?.(page);
  // As the page opens it, the example goes on through ten chips of a thousand prompts while a test looks at other things.
  await page.route("**/examples/wireless-2x2.json", async (route) => {
    const response = await route.fetch();
    const example = (await response.json()) as { hardware: object; evaluation?: object };
    const hardware = { ...example.hardware, chips: 1 };
    await route.fulfill({
      response,
      json: { ...example, hardware, evaluation: { ...example.evaluation, prompts } },
    });
  });
  await page.goto(`${address}${fragment && `#${fragment}`}`);
  const snapshotOf = async (chips: number, prompts: number): Promise<Snapshot> => {
    const wanted = [chips, prompts] as const;
    const found = await page.waitForFunction(
      ([chips, prompts]) =>
        (window as unknown as { snapshots: Snapshot[] }).snapshots.findLast(
          (snapshot) => snapshot.chips === chips && snapshot.prompts === prompts,
        ),
      wanted,
    );
    return (await found.jsonValue()) as Snapshot;
  };
  return { page, errors, snapshotOf };
}

/** Removes the two headers that isolate a page, so that it computes on one thread. */
export const withoutIsolation = (page: Page): Promise<unknown> =>
  page.route("**/*", async (route) => {
    const response = await route.fetch();
    const { "cross-origin-opener-policy": _, "cross-origin-embedder-policy": __, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
