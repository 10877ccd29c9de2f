// One prompt through the whole machine: what is received, what the network reads, which neurons fire, what is decided.
// Told in docs/guide.md. Run: node examples/01-one-prompt.mjs
import { bitErrors } from "xpikeformer";
import { bitsOf, experiment, fixed, geometry, mapping, prompt, row, section, trace } from "./tiny-machine.mjs";

const { labels, received, quantised, channels, noiseVariances } = prompt;
const { tokens, mask, classes, queries } = geometry;
const names = ["q1", "c1", "q2", "c2", "q3", "c3", "q4"];
const four = [0, 1, 2, 3];
const binary = (label) => label.toString(2).padStart(4, "0");
const complex = (i) => `${fixed(channels[i])} ${channels[i + 1] < 0 ? "-" : "+"} ${fixed(Math.abs(channels[i + 1]))}j`;
const parts = (values, pair) => Array.from(values.subarray(4 * pair, 4 * pair + 4), (value) => fixed(value));

const widths = [6, 4, 9, 7, 7, 7, 10, 7];
section(
  "received",
  row([2, 15], "H", complex(0), complex(2)),
  row([2, 15], "", complex(4), complex(6)),
  `noise variance ${fixed(noiseVariances[0], 3)}`,
  "",
  row(widths, "pair", "bits", "Re y1", "Im y1", "Re y2", "Im y2", "Re y1", "Im y1", "Re y2", "Im y2"),
  four.map((i) => row(widths, i + 1, binary(labels[i]), parts(received, i), parts(quantised, i))),
);

// Three lines for each of the four parts of y, then two for each of the four bits of x.
const starts = [0, 3, 6, 9, 12, 14, 16, 18, 20];
const lines = (bits) => starts.slice(0, -1).map((start, i) => bits.slice(start, starts[i + 1]).join(""));
section(
  "tokens",
  row([6, 7, 6, 6, 6, 3], "", "Re y1", "Im y1", "Re y2", "Im y2", "x"),
  names.map((name, n) => row([6, 6, 6, 6, 6, 5, 3], name, lines(bitsOf("input", 0, n)))),
);

section(
  "mask",
  row([4, 4], "", names),
  names.map((name, i) =>
    row(
      [4, 4],
      name,
      Array.from(mask.subarray(i * tokens, (i + 1) * tokens), (m) => " .x"[1 + m]),
    ),
  ),
);

section(
  "crossbars",
  mapping.layers.map(({ name, inputs, outputs, rowBlocks, columnGroups, blocks }) =>
    row([22, 4, 2, 3, 6, 2, 2, 4], name, inputs, "x", outputs, rowBlocks, "x", columnGroups, "=", blocks.length),
  ),
  `${mapping.totals.crossbars} crossbars`,
);

const trains = { input: 1, qkv: 3, attention: 1, middle: 1, hidden: 2 };
const sixteen = (name, part) =>
  four.map((t) =>
    bitsOf(name, t, 6)
      .slice(16 * part, 16 * part + 16)
      .join(""),
  );
section(
  "spikes of q4",
  row(
    [12, 17],
    "step",
    four.map((t) => t + 1),
  ),
  Object.entries(trains).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, part) => row([12, 17], part ? "" : name, sixteen(`blocks.0.${name}`, part))),
  ),
  row([12, 17], "output", sixteen("output", 0)),
);

const logits = trace.logits.subarray((queries.length - 1) * classes);
const decision = logits.indexOf(Math.max(...logits));
const sent = labels[queries.length - 1];
section(
  "decision",
  [0, 4, 8, 12].map((c) =>
    row(
      [5, 6, 8, 6],
      four.flatMap((i) => [binary(c + i), fixed(logits[c + i])]),
    ),
  ),
  `decided ${binary(decision)}, sent ${binary(sent)}: ${bitErrors([sent], [decision], experiment.task)[0]} wrong bits`,
);
