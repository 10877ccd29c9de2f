// The residual stream: how embedding, attention and feed-forward add up in front of one neuron, and how logits are read.
// Told in docs/guide.md. Run: node examples/07-the-stream.mjs
import { membrane, readColumn } from "./by-hand.mjs";
import { bitsOf, fixed, geometry, row, section, trace } from "./tiny-machine.mjs";

const [token, feature] = [6, 3];
const steps = [0, 1, 2, 3];
const widths = [26, 8];
const numbers = (name, values) =>
  row(
    widths,
    name,
    values.map((value) => fixed(value, 3)),
  );
const currents = (layer, train) => steps.map((t) => readColumn(layer, bitsOf(train, t, token), feature).current);

/** The neuron that reads the stream, beside what the simulator's neuron did. */
function neuron(stream, train) {
  const states = membrane(stream);
  return [
    numbers(
      "  membrane V",
      states.map(({ voltage }) => voltage),
    ),
    row(
      widths,
      "  spikes",
      states.map(({ fired }) => fired),
    ),
    row(
      widths,
      "  the simulator's spikes",
      steps.map((t) => bitsOf(train, t, token)[feature]),
    ),
  ];
}

const embedding = currents("embed", "input");
const attention = currents("blocks.0.projection", "blocks.0.attention");
const forward = currents("blocks.0.down", "blocks.0.hidden");
const middle = steps.map((t) => embedding[t] + attention[t]);
const output = steps.map((t) => middle[t] + forward[t]);
section(
  "stream",
  row(
    widths,
    "step",
    steps.map((t) => t + 1),
  ),
  numbers("embedding", embedding),
  neuron(embedding, "blocks.0.input"),
  numbers("+ projected attention", attention),
  numbers("= stream", middle),
  neuron(middle, "blocks.0.middle"),
  numbers("+ feed-forward", forward),
  numbers("= stream", output),
  neuron(output, "output"),
);

const { classes, queries } = geometry;
const logits = (label) => steps.map((t) => trace.stepLogits[((t + 1) * queries.length - 1) * classes + label]);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
section(
  "read-out",
  row(
    widths,
    "step",
    steps.map((t) => t + 1),
    "mean",
  ),
  [0b1010, 0b1111].map((label) => numbers(`logit of ${label.toString(2)}`, [...logits(label), mean(logits(label))])),
);
