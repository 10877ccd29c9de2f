import type { Place } from "../state/place.ts";
import { ReadOn } from "./ReadOn.tsx";

/** A link to the documentation, where the studio stands in its site. It is there from the first frame: later, it would move the page. */
export function Reading({ about }: { readonly about: Place["kind"] | "idea" }) {
  const root = document.querySelector<HTMLMetaElement>("meta[name=documentation]")?.content;
  return root === undefined ? null : <ReadOn about={about} root={root} />;
}
