// The README's measured blocks. Whatever holds a number that was measured stands between two comments,
//
//   <!-- measured: NAME -->
//   ...
//   <!-- end of NAME -->
//
// and is written from the results of experiments/first-page/ and experiments/image-accuracy/. `npx vitest run test/readme.test.ts -u`
// writes them; read the difference, and the words around the numbers.
import { readFileSync } from "node:fs";
import { ratioTo } from "xpikeformer";
import { networkOn } from "../experiments/claim-tables.mjs";
import {
  change,
  figure,
  fixed,
  ratioAt,
  results,
  scaled,
  value,
  withRange,
} from "../experiments/first-page/results.mjs";
import { points as frontPoints } from "../experiments/fronts/fronts.mjs";
import { frontRatios } from "../experiments/fronts/tables.mjs";

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const wideLink = JSON.parse(read("experiments/wide-link/result.json"));
/** The network of the first page on other prompts, asked once. */
const elsewhere = wideLink.networks["wireless-2x2-deep"].steps[4];
/** Of its size, with constants in place of random numbers. */
const ordered = wideLink.networks["wireless-2x2-ordered"].steps[4];
/** The largest networks of the link, of which one was trained to end after two steps. */
const largest = wideLink.networks["wireless-2x2-deep-256"].steps[4];
const twoSteps = wideLink.networks["wireless-2x2-deep-256-two-steps"].steps[2];
/** Of the size of the first, and trained to end after two steps. */
const deepTwoSteps = wideLink.networks["wireless-2x2-deep-two-steps"].steps[2];
/** How the 4x4 link was measured. */
const largerLink = results["link-4x4"].settings;
/** The first and the largest, asked eight times. */
const copies = wideLink.networks["wireless-2x2-deep, 8 copies"].steps;
const largestCopies = wideLink.networks["wireless-2x2-deep-256, 8 copies"].steps;
const thousands = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
const link = (id) => figure("link", id);
const drift = (id) => figure("drift", `ber.drift.${id}`);
const realism = (id) => figure("realism", id);
const cost = (id) => figure("cost", id);
const count = (id) => thousands(fixed(cost(id), 0));
const budget = (id) => thousands(figure("budgets", id)[0]);
/**
 * A figure of images in points of per cent, on the machine as it is; of a network that was run for several numbers of steps, after so many, and
 * where it was run with several lines for an input, with as many; beside the ANN of that name, where it was run beside several.
 */
function points(part, name, id, { steps, lines, ann } = {}) {
  const runs = results[`images.${part}`].runs.filter(
    (run) =>
      run.name === name &&
      !run.devices &&
      run.lines === lines &&
      (run.steps === steps || !steps) &&
      (run.ann === `bundled:${ann}` || !ann),
  );
  if (runs.length !== 1) throw new Error(`${runs.length} runs of ${name}: say which.`);
  return scaled(runs[0].figures[id], 100);
}
/** Of the networks for CIFAR-10 with the fewest errors on validation images, with one line for an input and with four. */
const stem = (id, steps, lines) => points("stem", lines ? "cifar10-twice" : "cifar10-fine", id, { steps, lines });
/** Of the network for Fashion-MNIST with the fewest errors on validation images, with four lines for an input. */
const fashion = (id, ann) => points("stem", "fashion-fine", id, { lines: 4, ann });
/** Of the network for MNIST whose ANN had the same teacher. */
const taught = (id, steps) => points("accuracy", "mnist-two-steps-taught", id, { ann: "mnist-ann-128-taught", steps });
/** `1.07, 1.54, 1.91`. */
const ratiosAt = (other, snrs) => snrs.map((snr) => ratioAt(other, snr, (found) => fixed(found, 2))).join(", ");

/** Energy of the int8 ANN over that of a network of ours on the recommended machine, at the fewest steps that reach the ANN's error rate. */
function ownRatio(name) {
  const { choice, ann, estimate } = networkOn("recommended", name);
  if (choice.errorRate > 1.05 * ann) throw new Error(`${name} does not reach the error rate of its ANN.`);
  return `${ratioTo(estimate, "annDigital").toFixed(1)} for \`${name}\` at T = ${choice.steps}`;
}

/** Energy of an int8 ANN of a task's front over that of a network of ours after so many steps. */
function frontRatio(task, ann, name, steps) {
  const { int8, ours } = frontPoints(task);
  const theirs = int8.find((point) => point.name === ann);
  const own = ours.find((point) => point.name === name && point.steps === steps);
  return (theirs.energy / own.energy).toFixed(1);
}

/** Energy of the cheapest int8 ANN over that of the cheapest network of ours, at the error rates of a task's front where both are known. */
function narrow(task) {
  const ratios = frontRatios(task).filter((ratio) => ratio !== null);
  return `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`;
}

/** What a difference says of a claim that it is below 0. */
const verdict = ([, low, high]) => (high < 0 ? "**yes**" : low > 0 ? "**no**" : "**not supported**");
const SNRS = [5, 15, 25];

/** One row per claim of the paper: claim, paper, ours, whether it holds, where. */
function claims() {
  const { steps, chips } = results.link.settings;
  const order = drift("gap.change.compensated.1y");
  const rows = [
    [
      "On noisy chips a spiking transformer detects symbols nearly as well as an ANN (2x2 link, Table IV: bit error rate, chips minus ANN)",
      "0.016, 0.014",
      `${change(link("gap.ann"))} at T = ${steps}, [asked eight times](docs/task.md#copies-of-a-query)`,
      `**on average**; ${ratiosAt("ann", SNRS)} times the ANN's rate at ${SNRS.join(", ")} dB`,
      "[link](experiments/first-page/README.md)",
    ],
    [
      "Its bit error rate",
      "0.067, 0.063",
      `${withRange(link("ber.xpikeformer"))}, ${chips} chips`,
      "**yes**, in a setting chosen so that the ANN's rate is the paper's",
      "[assumptions](docs/assumptions.md)",
    ],
    [
      "Few time steps do",
      "T = 6, 4",
      `${value(link("ber.xpikeformer"))} at T = ${steps}; on other prompts ${value(copies[2]["ber.xpikeformer"])} at T = 2 and ${value(copies[4]["ber.xpikeformer"])} at T = 4, and of a network twice as wide ` +
        `${value(largestCopies[2]["ber.xpikeformer"])} and ${value(largestCopies[4]["ber.xpikeformer"])}, where ANNs of 2 and 4 blocks have ${value(elsewhere["ber.ann"])} and ${value(largest["ber.ann"])}; ` +
        `asked once, ${value(deepTwoSteps["ber.xpikeformer"])} and ${value(elsewhere["ber.xpikeformer"])}, and twice as wide ${value(twoSteps["ber.xpikeformer"])} and ${value(largest["ber.xpikeformer"])}`,
      "**yes**, as the paper means it: chips lose to their ANN less than the paper's do, and still lose",
      "[link](experiments/first-page/README.md), [wide or deep](experiments/wide-link/README.md)",
    ],
    [
      "4x4 link: ANN; Xpikeformer",
      "0.141, 0.077; 0.205, 0.091",
      `${value(figure("link-4x4", "ber.ann"))}; ${value(figure("link-4x4", "ber.xpikeformer"))} at T = ${largerLink.steps}, with ${largerLink.copies} copies of the query`,
      "**yes**, fewer errors than the paper's larger network, with an eighth of its weights; but chips lose more to their ANN",
      "[below](#what-we-could-not-reproduce)",
    ],
    [
      "CIFAR-10: chips minus ANN, points of accuracy (Table III)",
      "−0.75, −1.28",
      `${change(points("accuracy", "cifar10-small", "gap.ann"))}, whose ANN has ${value(points("accuracy", "cifar10-small", "accuracy.ann"))} %; ` +
        `behind a stem, ${change(stem("gap.ann", 2))} at T = 2 and ${change(stem("gap.ann", 4))} at T = 4, whose ANN has ${value(stem("accuracy.ann", 2))} %, ` +
        `and of one with four lines for an input ${change(stem("gap.ann", 2, 4))} and ${change(stem("gap.ann", 4, 4))}`,
      "**in part**: small networks, the first spiking one trained for longer; behind a stem at T = 4 with four lines, after five times as many passes as the ANN",
      "[images](experiments/image-accuracy/README.md)",
    ],
    ["ImageNet: the same", "−2.22, −1.14", "", "**not tried**", ""],
    [
      "Fashion-MNIST and MNIST: the same",
      "",
      `Fashion-MNIST, behind a stem at T = 2 with four lines for an input, ${change(fashion("gap.ann", "fashion-large-ann"))}, whose ANN has ` +
        `${value(fashion("accuracy.ann", "fashion-large-ann"))} %, and beside one with half of its channels, which has ${value(fashion("accuracy.ann", "fashion-ann-32"))} %, ` +
        `${change(fashion("gap.ann", "fashion-ann-32"))}; MNIST at T = 2 ${change(taught("gap.ann", 2))}, with a teacher on both sides`,
      "no claim of the paper's; level on MNIST, behind an ANN of its own size on Fashion-MNIST",
      "[images](experiments/image-accuracy/README.md)",
    ],
    [
      "After a year, with drift compensated, hardware-aware training loses less than conventional training (Table V)",
      "2.09 against 7.7 points of accuracy",
      `bit error rate ${change(drift("hwat.compensated.1y.change"))} against ${change(drift("ct.compensated.1y.change"))}`,
      `${verdict(order)}: the difference is ${change(order)}`,
      "[link](experiments/first-page/README.md)",
    ],
    [
      "Without compensation a year ruins both",
      "65.0 and 64.4 points",
      `bit error rate ${change(drift("hwat.uncompensated.1y.change"))} and ${change(drift("ct.uncompensated.1y.change"))}`,
      "**yes**",
      "[link](experiments/first-page/README.md)",
    ],
    [
      "13 times less energy than a digital int8 ANN (ViT-8-768)",
      "13",
      `${fixed(cost("simulated.T4.annDigital"), 1)} at T = 4, ${fixed(cost("simulated.T7.annDigital"), 1)} at 7, of all of both machines; Table II read literally: ` +
        `${fixed(cost("paper.T4.annDigital"), 1)} and ${fixed(cost("paper.T7.annDigital"), 1)}`,
      "**in part**: of our machine, at T = 4 or less; not at equal accuracy, as no network of this size was trained",
      "[13x](experiments/thirteen-fold/README.md)",
    ],
    [
      "The same, of networks of ours that have an ANN's error rate, or a lower one",
      "",
      `${ownRatio("mnist-two-steps-taught")}, whose chips minus ANN are ${change(taught("gap.ann", 2))} points of accuracy on all test images, ` +
        `and ${frontRatio("mnist", "mnist-ann-128-taught", "mnist-two-steps-taught", 3)} at T = 3, for ${change(taught("gap.ann", 3))}; ` +
        `${ownRatio("cifar10-small")}, which like its ANN learned from 18,000 images; ${ownRatio("wireless-2x2-deep")}, whose ANN has half of its blocks; beside [the cheapest ANN of any width](experiments/fronts/README.md) with the same error rate ` +
        `${narrow("mnist")} on MNIST, ${narrow("fashion")} on Fashion-MNIST and ${narrow("link")} on the 2x2 link`,
      "**in part**: on MNIST, beside an ANN of the same size, than which narrower ones are better there; less elsewhere, and little beside narrow ANNs",
      "[own networks](experiments/iso-accuracy/README.md)",
    ],
    [
      "1.9 times less than an ideal digital SNN",
      "1.9",
      `${fixed(cost("simulated.T4.snnDigital"), 2)} at T = 4 for both; Table II read literally: ${fixed(cost("paper.T4.snnDigital"), 2)}`,
      "**in part**",
      "[1.9x](experiments/one-point-nine-fold/README.md)",
    ],
    [
      "Energy of an image, mJ",
      "0.30 (T = 7)",
      `${fixed(scaled(cost("simulated.T4.energy"), 1e3), 2)} (T = 4), ${fixed(scaled(cost("simulated.T7.energy"), 1e3), 2)} (T = 7); ` +
        `Table II read literally: ${fixed(scaled(cost("paper.T4.energy"), 1e3), 2)} and ${fixed(scaled(cost("paper.T7.energy"), 1e3), 2)}`,
      "**in part**",
      "[Table VI](experiments/table-vi-energy/README.md)",
    ],
    [
      "Latency of an image, about that of the digital ANN",
      "2.18 and 2.26 ms",
      `${fixed(scaled(cost("published.T7.latency"), 1e3), 2)} and ${fixed(scaled(cost("published.annDigital.latency"), 1e3), 2)} ms (T = 7), ` +
        "without global movement of data, most of the printed time; Table II read literally: " +
        `${fixed([1e3 / cost("paper.T7.xpikeformer.oneAtATime")[0]], 2)} ms`,
      "**in part**: its printed parts do not add up",
      "[latency](experiments/latency/README.md)",
    ],
    [
      "All that at about the same throughput",
      "yes",
      `images a second at T = 4: ${count("simulated.T4.xpikeformer.inFlight")} in flight and ${count("simulated.T4.xpikeformer.oneAtATime")} one at a time, the ANN ` +
        `${count("simulated.T4.annDigital.inFlight")}; per mm² ${fixed(cost("simulated.T4.xpikeformer.perArea"), 1)} and ` +
        `${fixed(cost("simulated.T4.annDigital.perArea"), 1)}. Table II read literally: ${count("paper.T4.xpikeformer.inFlight")} and ${count("paper.T4.xpikeformer.oneAtATime")}`,
      "**yes**, of the machine with these energies and areas",
      "[throughput](experiments/throughput/README.md)",
    ],
    [
      "Area",
      "784 mm²",
      `${thousands(fixed(scaled(cost("published.area"), 1e6), 0))} mm²`,
      "**in part**: by source within a factor of thirteen",
      "[area](experiments/area/README.md)",
    ],
    [
      "Attention may share shift registers",
      "",
      "answers of a trained network unchanged",
      "**yes**",
      "[random numbers](experiments/random-numbers/README.md)",
    ],
    [
      "Attention's bits are random",
      "every score and output is drawn",
      `with constants in their place, and no shift registers, chips minus ANN ${change(ordered["gap.ann"])}, with random numbers ${change(elsewhere["gap.ann"])}`,
      "**need not be**: no difference can be told, on the 2x2 link at T = 4",
      "[wide or deep](experiments/wide-link/README.md)",
    ],
  ];
  const head = ["claim", "paper", "ours", "holds?", "where"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export const blocks = {
  figure: () => {
    const { prompts, chips } = results.link.settings;
    return (
      `Bit error rate of a 2x2 link: ${chips} simulated chips, ${thousands(prompts)} prompts a point, bars of 95 % for new chips and prompts. ` +
      `At 15 dB the chips have ${withRange(link("ber.xpikeformer.snr.15"))}, ${ratiosAt("ann", [15])} times the ANN's rate.`
    );
  },

  start: () => {
    const lines = results.start.output.split("\n");
    const shown = lines.length > 30 ? [...lines.slice(0, 3), "..."] : lines;
    return `\`\`\`text\n${shown.join("\n")}\n\`\`\``;
  },

  "ten-lines": () =>
    `\`\`\`ts\n${read("examples/ten-lines.ts").trim()}\n\`\`\`\n\n<!-- prints -->\n\`\`\`text\n${read("examples/ten-lines.txt").trim()}\n\`\`\``,

  claims,

  average: () =>
    `**The average over 0 to 30 dB hides the loss**, because errors at low SNR, which no receiver avoids, make most of it. At ` +
    `${SNRS.join(", ")} dB the chips' bit error rate over the ANN's is ${ratiosAt("ann", SNRS)}, over that of maximum likelihood with the ` +
    `channel from pilots ${ratiosAt("ml.pilots", SNRS)} ([with intervals](experiments/first-page/README.md)). The ANN was trained on ` +
    `${budget(`${results.link.settings.experiment}.ann`)} prompts, the spiking network on ${budget(`${results.link.settings.experiment}.network`)}, and with an ANN's answers as labels. ` +
    `An ANN with a quarter of that training would flatter the chips: on [other prompts](experiments/wide-link/README.md) it has ${value(wideLink.earlierAnn)}, this one ${value(elsewhere["ber.ann"])}. ` +
    `On MNIST, and on CIFAR-10 without a stem, the spiking networks were trained for about twice as long as their ANNs.`,

  "not-reproduced": () => {
    const lost = (role) => withRange(points("drift", "cifar10-small", `error.drift.${role}.compensated.1y.change`));
    return [
      `**The gap of the 4x4 link.** After ${budget("wireless-4x4-256.network")} prompts chips have ${withRange(figure("link-4x4", "ber.xpikeformer"))} ` +
        `(4 blocks of width 256, T = ${largerLink.steps}, ${largerLink.copies} copies of the query); the paper's 8-512 has 0.091, and its 4-256 0.205 at T = 11. But our ANN, after ${budget("wireless-4x4-256.ann")} ` +
        `prompts, has ${withRange(figure("link-4x4", "ber.ann"))}, where the paper's have 0.077 and 0.141: our chips are ${withRange(figure("link-4x4", "gap.ann"))} above it, the paper's 0.014 and 0.064. Twice the width, neurons without a leak, and copies of the query ` +
        `brought them there ([networks](networks/README.md)). All are worse than linear MMSE with the channel from pilots, ${value(figure("link-4x4", "ber.mmse.pilots"))}.`,
      `**That hardware-aware training is what survives a year.** With drift compensated, the hardware-aware network's bit error rate minus that of the ` +
        `conventional one is ${change(drift("gap.compensated.1y"))} after a year, but the year has little part in it: the one loses ` +
        `${withRange(drift("hwat.compensated.1y.change"))}, the other ${withRange(drift("ct.compensated.1y.change"))}, a difference of ` +
        `${change(drift("gap.change.compensated.1y"))}. On CIFAR-10 the hardware-aware network loses ${lost("hwat")} points, the other ${lost("ct")}.`,
      "**Networks of the paper's size**, and ImageNet: none was trained. Ours have one to four blocks of width 64 or 128, or two, four or six of 256; the paper's 4 to 8 of 256 to 768.",
      `**13 times less energy, of a whole machine, at equal accuracy.** Table II read literally, with FIFOs, clock, wires and leakage of every machine, has ` +
        `${fixed(cost("paper.T4.annDigital"), 1)} at T = 4. [Ours](experiments/machines/README.md), with one conversion for a pair and a FIFO per row, has ` +
        `${fixed(cost("simulated.T4.annDigital"), 1)}, and ${fixed(cost("simulated.T7.annDigital"), 1)} at the printed T = 7; ` +
        `counted as projections count, operations alone, ${fixed(cost("published.T4.annDigital"), 1)}. On our own networks it is [less or more](experiments/iso-accuracy/README.md) ` +
        "beside an ANN of the same size. [Beside the cheapest ANN of the same error rate](experiments/fronts/README.md), of any width, little is left of it on the 2x2 link. [What would have to be true](experiments/thirteen-fold/README.md) for 13 is a table.",
    ].join("\n\n");
  },

  choices: () => {
    const once = "calibrated-once.ber.sweep.compensation.schedule.first.86400.hwat.1y";
    const atUse = "calibrated-at-use.ber.sweep.compensation.schedule.kind.at-use.hwat.1y";
    const spread = (steps) => change(realism(`converters.ber.sweep.adc.errors.offsetSpread.${steps}.hwat.change`));
    return [
      "Choices that carry these numbers, with the bit error rate of the 2x2 link without them:",
      "",
      `- **Compensation is measured right before every use, with exact read-outs.** Last calibrated after a day and read after a year, the same chips have ` +
        `${withRange(realism(once))}, in place of ${withRange(realism(atUse))}.`,
      `- **Converters have no errors.** Offsets that are spread by one code step cost ${spread(1)}, by two ${spread(2)}. ` +
        "[With all the errors of real chips](experiments/realistic/README.md), trims, training for faults and calibration by the chip itself bring most of it back.",
      `- **A scale for each column, and the embedding spread over four crossbars** (\`embedRows\` 17). Without both the rate is ` +
        `${withRange(realism("whole-embedding.ber.sweep.crossbar.scaling.crossbar.hwat"))}.`,
      "- **The link.** The paper prints neither modulation nor SNR nor noise convention. Ours, QPSK at 0 to 30 dB behind a 4-bit receiver, is the reading that brackets " +
        "its ANN ([assumptions](docs/assumptions.md)).",
      "- **Test images chose nothing**, but networks of earlier sittings were classified by them too ([networks](networks/README.md)).",
    ].join("\n");
  },

  receipts: () => {
    const { seed } = results.link;
    const images = results["images.accuracy"];
    const short = ({ commit }) => `\`${commit.slice(0, 7)}\``;
    return (
      `Every number above is computed from a file in [\`experiments/first-page/results/\`](experiments/first-page/results/) (seed ${seed}, which chose nothing; commit ` +
      `${short(results.link)}), [\`experiments/wide-link/result.json\`](experiments/wide-link/result.json) (seed ${wideLink.seed}, ${short(wideLink)}) or ` +
      `[\`experiments/image-accuracy/results/\`](experiments/image-accuracy/results/) (seed ${images.seed}, ${short(images)}; behind a stem ${short(results["images.stem"])}), which names its command; a test fails when they disagree. \`node experiments/first-page/measure.mjs\` measures again.` +
      (results.link.command.includes("--prompts")
        ? " These are of a quick look, on fewer prompts than the program's own."
        : "")
    );
  },
};

/** A page with its measured blocks written anew. Throws for a block that has no end, or no function. */
export function fill(page) {
  return page.replace(/(<!-- measured: (\S+) -->\n)([\s\S]*?)(?=<!-- measured:|$)/g, (_, marker, name, rest) => {
    const end = `<!-- end of ${name} -->`;
    const at = rest.indexOf(end);
    if (at < 0 || !Object.hasOwn(blocks, name))
      throw new Error(`The block "${name}" has no "${end}", or nothing writes it.`);
    return `${marker}\n${blocks[name]()}\n\n${rest.slice(at)}`;
  });
}
