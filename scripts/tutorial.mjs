// Updates docs/first-experiment.md: writes its files into an empty folder, runs its commands in order, as a reader with a fresh clone
// would, and puts their output into the page. Takes about three minutes on two cores.
// Run: npm run build && node scripts/tutorial.mjs
//
// Comments mark the parts of the page. `<!-- file: NAME -->` precedes the content of a file, `<!-- prints -->` the output of the commands
// before it, and `<!-- figures: FOLDER: ID, ID -->` a table of figures of FOLDER/report.json. The last line holds a fingerprint of files
// and commands, by which test/tutorial.test.ts detects later changes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(import.meta.dirname, "..");
export const page = join(root, "docs/first-experiment.md");

const FENCE = "```";
const BLOCK = /(?:<!-- (file: (\S+)|prints) -->\n)?```(json|sh|text)\n([\s\S]*?)```/g;
const FIGURES = /(<!-- figures: (\S+): ([\w., -]+) -->\n)\n*(?:\|.*\n)*\n*/g;
const FINGERPRINT = /<!-- recorded from [0-9a-f]* -->/;

/** The files and commands of the page, in order. */
export function stepsOf(text) {
  return Array.from(text.matchAll(BLOCK), ([, , file, language, body]) => ({ file, language, body })).filter(
    ({ file, language }) => language === "sh" || file !== undefined,
  );
}

export const fingerprint = (text) =>
  createHash("sha256")
    .update(JSON.stringify(stepsOf(text)))
    .digest("hex")
    .slice(0, 16);

/**
 * Follows the page in `folder`. `edit` may change the content of a file first. Returns the output of each block of commands, and reports
 * by folder.
 */
export function replay(text, folder, edit = (body) => body) {
  for (const name of ["package.json", "dist", "node_modules", "examples", "networks"]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  const outputs = stepsOf(text).flatMap(({ file, language, body }) => {
    if (language === "sh") return [runCommands(body, folder)];
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), edit(body));
    return [];
  });
  const read = (name) => JSON.parse(readFileSync(join(folder, name, "report.json"), "utf8"));
  const reports = Object.fromEntries(Array.from(text.matchAll(FIGURES), ([, , name]) => [name, read(name)]));
  return { outputs, reports };
}

/** The page with its recorded output and figures replaced. */
export function fill(text, { outputs, reports }) {
  let last = -1;
  return text
    .replace(BLOCK, (whole, mark, _file, language, body) => {
      if (language === "sh") last++;
      return mark === "prints" ? `${whole.slice(0, -(body.length + FENCE.length))}${outputs[last]}${FENCE}` : whole;
    })
    .replace(FIGURES, (_, marker, name, ids) => `${marker}\n${table(reports[name], ids.split(", "))}\n\n`)
    .replace(FINGERPRINT, `<!-- recorded from ${fingerprint(text)} -->`);
}

/** Standard output of the commands, without npm's own lines. Progress goes to standard error. */
function runCommands(commands, folder) {
  const options = { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  const printed = execFileSync("sh", ["-e", "-c", commands], options);
  return `${printed.replace(/^(\n?> .*\n)+\n?/gm, "").trim()}\n`;
}

function table({ figures }, ids) {
  const rows = ids.map((id) => {
    const figure = figures.find((candidate) => candidate.id === id);
    if (!figure) throw new Error(`The report has no figure ${id}.`);
    const { label, value, interval } = figure;
    const range = interval ? `${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}` : "";
    return `| \`${id}\` | ${label} | ${value.toFixed(4)} | ${range} |`;
  });
  return ["| id | figure | value | 95 % interval |", "|---|---|---|---|", ...rows].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-tutorial-"));
  try {
    const text = readFileSync(page, "utf8");
    writeFileSync(page, fill(text, replay(text, folder)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
