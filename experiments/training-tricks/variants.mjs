// Changes, one at a time, to the trainings that examples/fashion-tiny.json and networks/wireless-4x4-bits.json describe.

/** The unchanged network trains with both seeds, the others with the first. */
export const SEEDS = [1, 2];

const labels = (training, kind) => {
  training.labels = kind;
  delete training.teacher;
};

export const variants = [
  { name: "all of it", change: () => {} },
  { name: "labels instead of the ANN's answers", change: ({ training }) => labels(training, "symbols") },
  {
    name: "labels, smoothed by 0.1",
    change: ({ training }) => {
      labels(training, "symbols");
      training.labelSmoothing = 0.1;
    },
  },
  {
    name: "loss at each time step",
    change: ({ training }) => {
      training.stepLoss = 1;
    },
  },
  {
    name: "penalty on rates above 0.1",
    change: ({ training }) => {
      training.spikeRate = { weight: 1, target: 0.1 };
    },
  },
  {
    name: "no crops, no flips",
    change: ({ task }) => {
      task.crop = 0;
      task.flip = false;
    },
  },
  {
    name: "4 thresholds instead of 9",
    change: ({ task }) => {
      task.thresholds = 4;
    },
  },
  {
    name: "the 4 highest bits",
    change: ({ task }) => {
      task.coding = "bits";
      delete task.thresholds;
    },
  },
  {
    name: "Bernoulli coding",
    change: ({ task }) => {
      task.coding = "bernoulli";
      delete task.thresholds;
    },
  },
  {
    // The ANN reads other tokens, so it cannot be the teacher here or in the next variants.
    name: "labels, and patches without their surroundings",
    change: ({ task, training }) => {
      labels(training, "symbols");
      task.shift = 0;
    },
  },
  {
    name: "labels, and a class token",
    change: ({ task, training }) => {
      labels(training, "symbols");
      task.readOut = "class-token";
    },
  },
  {
    name: "no BatchNorm",
    change: ({ model }) => {
      model.normalisation = "none";
    },
  },
  {
    name: "no residual",
    change: ({ model }) => {
      model.residual = "none";
    },
  },
  {
    name: "gains of 1",
    change: ({ model }) => {
      Object.assign(model.attention, { scoreGain: 1, valueGain: 1 });
    },
  },
  {
    name: "independent draws",
    change: ({ model }) => {
      model.attention.draws = "independent";
    },
  },
  {
    name: "LIF attention",
    change: ({ model }) => {
      model.attention = { kind: "lif", scoreGain: 8, valueGain: 8 };
    },
  },
  {
    name: "sigmoid surrogate",
    change: ({ model }) => {
      model.surrogate = { kind: "sigmoid" };
    },
  },
  ...[2, 4].map((width) => ({
    name: `surrogate ${width} times as wide`,
    change: ({ model }) => {
      model.surrogate.width *= width;
    },
  })),
  {
    name: "Muon instead of AdamW",
    change: ({ training }) => {
      training.optimiser = "muon";
    },
  },
  {
    name: "two thirds at T = 2, then T = 4",
    change: ({ training: { stages } }) => {
      const [stage] = stages;
      stages.unshift({ ...stage, steps: 200, timeSteps: 2, finalFraction: 0.3 });
      Object.assign(stage, { steps: 100, learningRate: 0.0015, warmup: 0 });
    },
  },
];

/** A variant on the 4x4 link: the width of the triangular surrogate, and any further change. */
const link = (name, width, change = () => {}) => ({
  name,
  change: (document) => {
    document.model.surrogate.width = width;
    change(document);
  },
});
const twice = ({ training: { stages } }) => {
  stages[0].learningRate *= 2;
};

export const linkVariants = [
  link("surrogate of width 1", 1),
  link("twice the gain of scores", 1, ({ model: { attention } }) => {
    attention.scoreGain *= 2;
  }),
  link("twice the gain of values", 1, ({ model: { attention } }) => {
    attention.valueGain *= 2;
  }),
  link("surrogate of width 2", 2),
  link("of width 3", 3),
  link("of width 3, half the gain of scores", 3, ({ model: { attention } }) => {
    attention.scoreGain /= 2;
  }),
  link("of width 3, half the gain of values", 3, ({ model: { attention } }) => {
    attention.valueGain /= 2;
  }),
  link("of width 3, twice the learning rate", 3, twice),
  link("the same, with ordered draws", 3, (document) => {
    twice(document);
    document.model.attention.draws = "ordered";
  }),
  link("of width 4", 4),
];
