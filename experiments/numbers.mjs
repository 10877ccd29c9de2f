// Fills measured numbers into hand-written sentences. A mark precedes each number on a page:
//
//   The chips reach a bit error rate of <!--n:link/ber.xpikeformer-->0.0599 (0.0540 to 0.0659) at T = 2.
//
// The mark names a source and a figure. After a semicolon (a bar would end the cell of a table) it may set the format: `x100`
// multiplies the number, `.2` writes two decimals, `+` shows the sign, and `low` or `high` writes an end of the interval. If an
// interval follows the number in parentheses, it is filled in too. `npx vitest run test/numbers.test.ts -u` fills all pages.
import { readFileSync } from "node:fs";
import { figure, results, scaled, value, write } from "./first-page/results.mjs";
import { frontRatios } from "./fronts/tables.mjs";
import { PAPER } from "./paper.mjs";
import { sideBySide } from "./side-by-side/tables.mjs";

const NUMBER = "[+−]?\\d(?:[\\d,]*\\d)?(?:\\.\\d+)?";
const MARK = new RegExp(`(<!--n:([^>;]+?)(?:;([^>]+?))?-->)(?:${NUMBER})( \\(${NUMBER} to ${NUMBER}\\))?`, "g");

/** The result files behind the numbers. Each records its command, seed and commit. */
export const RECORDS = {
  "wide-link": "experiments/wide-link/result.json",
  errors: "experiments/errors/result.json",
  "energy-ratios": "experiments/energy-ratios/result.json",
  ...Object.fromEntries(
    Object.keys(sideBySide).map((name) => [`row.${name}`, `experiments/side-by-side/results/${name}.json`]),
  ),
  ...Object.fromEntries(Object.keys(results).map((part) => [part, fileOf(part)])),
};

function fileOf(part) {
  const [, images] = /^images\.(.+)$/.exec(part) ?? [];
  return images ? `experiments/image-accuracy/results/${images}.json` : `experiments/first-page/results/${part}.json`;
}

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
const wideLink = read(RECORDS["wide-link"]);

/** The fields after a source's name, as in `images:stem:name=cifar10-twice:steps=4`. */
const fieldsOf = (parts) =>
  Object.fromEntries(parts.filter((part) => part.includes("=")).map((part) => part.split("=")));

/** The figures of an image run: `images:PART:name=NAME`, with `steps`, `lines` and `ann` if several runs share the name. */
function imageRun([part, ...parts]) {
  const { name, steps, lines, ann } = fieldsOf(parts);
  const runs = results[`images.${part}`].runs.filter(
    (run) =>
      run.name === name &&
      !run.devices &&
      String(run.lines ?? 1) === (lines ?? "1") &&
      (steps === undefined || String(run.steps) === steps) &&
      (ann === undefined || run.ann === `bundled:${ann}`),
  );
  if (runs.length !== 1) throw new Error(`${runs.length} runs match ${[part, ...parts].join(":")}: narrow it to one.`);
  return runs[0].figures;
}

/** The figures of a link network on separate prompts: `wide:NAME:steps=T`, with `copies` if its query was repeated. */
function wideFigures([name, ...parts]) {
  const { steps, copies } = fieldsOf(parts);
  return wideLink.networks[copies ? `${name}, ${copies} copies` : name].steps[steps];
}

/** The least and the largest ratio along a front, with their intervals: `front:TASK`, or `front:TASK:4` to ANNs trained for 4 bits. */
function frontFigures([task, bits]) {
  const ratios = frontRatios(task, bits).toSorted((a, b) => a[0] - b[0]);
  return { least: ratios[0], most: ratios.at(-1) };
}

const energyRatios = read(RECORDS["energy-ratios"]);
/**
 * Energy ratios with their 5th and 95th percentiles over the ranges of all prices: `energy:NETWORK:PRICES`, with the names of
 * energy-ratios/result.json.
 */
const energyFigures = ([network, prices]) => energyRatios.networks[network][prices];

/** Figures of a network measured side by side with its ANN, and on how much it was tested: `row:NAME`. */
const rowFigures = ([name]) => ({ ...sideBySide[name].figures, tested: [sideBySide[name].tested] });

const SOURCES = {
  paper: () => Object.fromEntries(Object.entries(PAPER).map(([id, [printed]]) => [id, printed])),
  images: imageRun,
  wide: wideFigures,
  "wide-link": () => ({ earlierAnn: wideLink.earlierAnn }),
  front: frontFigures,
  energy: energyFigures,
  row: rowFigures,
  latency: () => ({ "paper.T7": [1 / figure("cost", "paper.T7.xpikeformer.oneAtATime")[0]] }),
  seed: () => Object.fromEntries(Object.entries(RECORDS).map(([name, path]) => [name, String(read(path).seed)])),
  settings: ([part], name) => ({ [name]: [(part === "wide-link" ? wideLink : results[part].settings)[name]] }),
  throughput: () => {
    const of = (id) => figure("cost", `simulated.T4.${id}.inFlight`)[0];
    return { ratio: [of("xpikeformer") / of("annDigital")] };
  },
};

/** `[value, low, high]` of a mark's source and figure, or text to print unchanged. Throws if the mark is unknown. */
function find(mark) {
  const at = mark.indexOf("/");
  const [name, ...parts] = mark.slice(0, at).split(":");
  const id = mark.slice(at + 1);
  if (!SOURCES[name]) return figure(name, id);
  const found = SOURCES[name](parts, id)[id];
  if (!found) throw new Error(`${mark}: there is no such figure.`);
  return found;
}

/** A number's text with commas between thousands. */
const grouped = (text) =>
  text.replace(/^([+−]?)(\d+)/, (_, sign, digits) => sign + digits.replace(/\B(?=(\d{3})+$)/g, ","));

/** A number and its interval as text. Without `.N`, the width of the interval sets the number of digits. */
function written(found, styles, withInterval) {
  const factor = Number(styles.find((style) => style.startsWith("x"))?.slice(1) ?? 1);
  const digits = styles.find((style) => style.startsWith("."))?.slice(1);
  const all = scaled(found, factor);
  const plain = (x) => grouped(digits === undefined ? value([x, ...all.slice(1)]) : write(x, Number(digits)));
  if (styles.includes("low") || styles.includes("high")) return plain(all[styles.includes("low") ? 1 : 2]);
  const first = `${styles.includes("+") && all[0] > 0 ? "+" : ""}${plain(all[0])}`;
  return withInterval ? `${first} (${plain(all[1])} to ${plain(all[2])})` : first;
}

/** A page with its marked numbers filled in. Throws if a mark lacks a number or an interval, or holds a bar. */
export function fillNumbers(page) {
  const [barred] = /<!--n:[^>]*\|[^>]*-->/.exec(page) ?? [];
  if (barred) throw new Error(`The bar in ${barred} ends the cell of a table. Write a semicolon.`);
  const filled = page.replace(MARK, (_, mark, id, styles = "", interval = "") => {
    const found = find(id);
    if (typeof found === "string") return mark + found;
    if (interval && found.length < 3) throw new Error(`${id} has no interval.`);
    return mark + written(found, styles.split(",").filter(Boolean), interval !== "");
  });
  const [, bare] = /<!--n:([^>]+)-->(?![+−]?\d)/.exec(filled) ?? [];
  if (bare) throw new Error(`No number follows the mark ${bare}.`);
  return filled;
}
