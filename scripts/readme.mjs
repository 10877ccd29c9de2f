// The generated blocks of README.md. Each is between two comments,
//
//   <!-- measured: NAME -->
//   ...
//   <!-- end of NAME -->
//
// and `npx vitest run test/readme.test.ts -u` writes it. Numbers within sentences come from experiments/numbers.mjs.
import { readFileSync } from "node:fs";
import { results } from "../experiments/first-page/results.mjs";
import { markdown } from "../experiments/markdown.mjs";
import { shortTable } from "../experiments/side-by-side/tables.mjs";

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8").trim();
const fenced = (language, text) => `\`\`\`${language}\n${text}\n\`\`\``;

export const blocks = {
  start: () => fenced("text", results.start.output),
  "side-by-side": () => markdown(shortTable()),
  "ten-lines": () =>
    [fenced("ts", read("examples/ten-lines.ts")), "<!-- prints -->", fenced("text", read("examples/ten-lines.txt"))]
      .join("\n\n")
      .replace("<!-- prints -->\n\n", "<!-- prints -->\n"),
};

/** A page with its generated blocks updated. Throws if a block has no end or no function. */
export function fill(page) {
  return page.replace(/(<!-- measured: (\S+) -->\n)([\s\S]*?)(?=<!-- measured:|$)/g, (_, marker, name, rest) => {
    const end = `<!-- end of ${name} -->`;
    const at = rest.indexOf(end);
    if (at < 0 || !Object.hasOwn(blocks, name))
      throw new Error(`The block "${name}" has no "${end}", or nothing writes it.`);
    return `${marker}\n${blocks[name]()}\n\n${rest.slice(at)}`;
  });
}

// `npm start --silent | node scripts/readme.mjs` fails if README.md shows different output.
if (process.argv[1] === import.meta.filename) {
  const printed = readFileSync(0, "utf8").trim();
  console.log(printed);
  if (printed !== results.start.output) {
    console.error(
      "\nREADME.md shows another output of npm start. Record it: node experiments/first-page/measure.mjs start",
    );
    process.exitCode = 1;
  }
}
