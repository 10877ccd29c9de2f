import type { Place } from "../state/place.ts";
import { later } from "./later.tsx";

const ReadOn = later(() => import("./ReadOn.tsx").then((file) => file.ReadOn), null);

/** A link to the documentation, where the studio stands in its site. */
export function Reading({ about }: { readonly about: Place["kind"] | "idea" }) {
  const root = document.querySelector<HTMLMetaElement>("meta[name=documentation]")?.content;
  return root === undefined ? null : <ReadOn about={about} root={root} />;
}
