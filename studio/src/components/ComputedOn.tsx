import { plural } from "../words.ts";
import type { ComputedOn as On } from "../workers/backend.ts";

/** Where something is computed; behind it, why not on a GPU. */
export function ComputedOn({ on, id }: { readonly on: On | null; readonly id: string }) {
  if (on === null) return null;
  const where = on.gpu === null ? `on WebAssembly, ${plural(on.threads, "thread")}` : `on WebGPU: ${on.gpu}`;
  if (on.reason === null) {
    return (
      <p class="quiet computed-on" id={id}>
        {where}
      </p>
    );
  }
  return (
    <details class="quiet computed-on" id={id}>
      <summary>{where}</summary>
      {on.reason}
    </details>
  );
}
