/** The colours of the style sheet for canvases, which cannot read it, in light and dark. */
import { signal } from "@preact/signals";

const NAMES = ["ink", "accent", "band", "plus", "minus", "page", "rule"] as const;
export type ColourName = (typeof NAMES)[number];

export type Colours = Readonly<Record<ColourName, string>>;

/** Red, green, blue and opacity of each colour, 0 to 255. */
export type Palette = Readonly<Record<ColourName, readonly number[]>>;

/** The colours that the style sheet gives now. */
export const readColours = (): Colours => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
};

/** The current colours of the style sheet. */
export const colours = signal<Colours>(readColours());

const readAgain = () => {
  colours.value = readColours();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readAgain);
// The page around a frame may choose: `data-theme`, light or dark.
new MutationObserver(readAgain).observe(document.documentElement, { attributeFilter: ["data-theme"] });

/** The style sheet writes colours as `#rrggbb`. */
export function paletteOf(colours: Colours): Palette {
  const bytes = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).concat(255);
  return Object.fromEntries(NAMES.map((name) => [name, bytes(colours[name])])) as Record<ColourName, number[]>;
}
