/** The colours of the style sheet for canvases, which cannot read it, in light and dark. */
import { signal } from "@preact/signals";

const NAMES = ["ink", "accent", "band", "plus", "minus", "page", "rule"] as const;
export type ColourName = (typeof NAMES)[number];

export type Colours = Readonly<Record<ColourName, string>>;

const read = (): Colours => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
};

/** The current colours of the style sheet. */
export const colours = signal<Colours>(read());

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colours.value = read();
});

/** Red, green, blue and opacity, 0 to 255. The style sheet writes colours as `#rrggbb`. */
export function paletteOf(colours: Colours): Readonly<Record<ColourName, readonly number[]>> {
  const bytes = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).concat(255);
  return Object.fromEntries(NAMES.map((name) => [name, bytes(colours[name])])) as Record<ColourName, number[]>;
}
