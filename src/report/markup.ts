/**
 * HTML that is escaped by construction: `html` distinguishes text from markup by type, so a title can never become an element.
 *
 * Code that creates `Markup` by hand must ensure that it is safe; only `draw/` and the style sheet do.
 */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | undefined | readonly Markup[];

/** A template whose strings and numbers are escaped and whose `Markup` is kept. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return { markup: strings.reduce((result, literal, i) => result + render(parts[i - 1]) + literal) };
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("\n");
}

/** Safe as element text and as a quoted attribute; control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Control characters other than line breaks and tabs, and halves of surrogate pairs, become U+FFFD. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd").replace(LONE_SURROGATE, "\ufffd");
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** JSON in a script element of its own. `</script` and `<!--` would end or change the element, so no `<` is left in the text. */
export function jsonScript(id: string, json: string): Markup {
  return { markup: `<script type="application/json" id="${id}">${json.replaceAll("<", "\\u003c")}</script>` };
}
