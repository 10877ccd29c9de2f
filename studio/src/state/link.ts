/** What one sees, as the fragment of an address: it never leaves the browser, and opens the same view elsewhere. */
import { effect } from "@preact/signals";
import { type Experiment, parseExperiment } from "xpikeformer";
import { type Place, parsePlace, place } from "./place.ts";
import { experiment, fail, failure, open, promptIndex, step, token } from "./studio.ts";

interface View {
  readonly experiment: Experiment;
  readonly prompt: number;
  readonly step: number;
  readonly token: number | null;
  readonly place: Place;
}

/** Bytes of a view at most, unpacked: a fragment is somebody else's. */
const MOST = 1_000_000;
/** Milliseconds without a change after which the address follows. */
const CALM = 400;

const view = (): View => ({
  experiment: experiment.value!,
  prompt: promptIndex.value,
  step: step.value,
  token: token.value,
  place: place.value,
});

/** Keeps the address equal to what is seen, and follows an address that is pasted. */
export function followAddress(): void {
  let timer: ReturnType<typeof setTimeout>;
  effect(() => {
    if (experiment.value === null) return;
    const now = view();
    clearTimeout(timer);
    timer = setTimeout(async () => history.replaceState(null, "", `#${await pack(now)}`), CALM);
  });
  addEventListener("hashchange", () => openAddress());
}

/** The address of what is seen now. */
export const addressNow = async (): Promise<string> => new URL(`#${await pack(view())}`, location.href).href;

/** Opens what the address says. Returns whether it says something. */
export async function openAddress(): Promise<boolean> {
  if (location.hash.length < 2) return false;
  try {
    show(await unpack(location.hash.slice(1)));
    failure.value = null;
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

function show(text: string): void {
  const { experiment, prompt, step: at, token: seen, place: where } = JSON.parse(text) as Record<string, unknown>;
  open(parseExperiment(JSON.stringify(experiment), "the experiment of this link"));
  promptIndex.value = wholeNumber(prompt) ?? 0;
  step.value = wholeNumber(at) ?? Number.POSITIVE_INFINITY;
  token.value = wholeNumber(seen);
  place.value = parsePlace(where);
}

const wholeNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 1e6 ? value : null;

/** JSON, deflated, in the letters of addresses. */
async function pack(view: View): Promise<string> {
  const stream = new Blob([JSON.stringify(view)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpack(packed: string): Promise<string> {
  const damaged = new Error("This link is damaged: a part of it is missing. Copy it anew, as a whole.");
  try {
    const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const decoder = new TextDecoder();
    let [text, size] = ["", 0];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.length;
      if (size > MOST) throw damaged;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    throw damaged;
  }
}
