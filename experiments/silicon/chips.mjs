// Chips that classify CIFAR-10 or MNIST, as published. Energy is in joules per image, accuracy a share. `readIn` says where the figures were
// read: an abstract, or an excerpt that quotes them. A figure that was not found is left out. `silicon` is false where what we read does
// not say that a chip was measured.

const RENNER =
  "Table 1 of A. Renner, F. Sheldon, A. Zlotnik, L. Tao, A. Sornborger: The backpropagation algorithm implemented on spiking neuromorphic hardware. Nature Communications 15, 2024, 9691, https://doi.org/10.1038/s41467-024-53827-9";

const JIA = {
  node: 65,
  includes: "not stated",
  citation:
    "H. Jia et al.: A programmable heterogeneous microprocessor based on bit-scalable in-memory computing. IEEE JSSC 55(9), 2020, https://doi.org/10.1109/JSSC.2020.2987714",
  readIn: "abstract",
};

/** From Renner's table; the node is that of the chip's own publication. */
const quoted = (chip, node, accuracy, energy, own) => ({
  ...{ data: "mnist", chip, node, accuracy, energy, includes: "not stated" },
  ...{ citation: `${own}; quoted in ${RENNER}`, readIn: "excerpt" },
});

export const CHIPS = [
  { data: "cifar-10", chip: "Jia, charge domain, 1 bit", ...JIA, accuracy: 0.893, energy: 5.31e-6 },
  { data: "cifar-10", chip: "Jia, charge domain, 4 bits", ...JIA, accuracy: 0.924, energy: 105.2e-6 },
  {
    ...{ data: "cifar-10", chip: "TCN-CUTIE, digital ternary", node: 22, accuracy: 0.86, energy: 2.72e-6 },
    includes: "not stated; 0.5 V",
    citation:
      "M. Scherer et al.: TCN-CUTIE: A 1036 TOp/s/W, 2.72 uJ/inference, 12.2 mW all-digital ternary accelerator in 22 nm FDX technology. IEEE Micro, 2023, https://arxiv.org/abs/2212.00688",
    readIn: "abstract",
  },
  {
    ...{ data: "cifar-10", chip: "Bankman, mixed-signal binary", node: 28, accuracy: 0.86, energy: 3.8e-6 },
    includes: "chip, 0.6 and 0.8 V",
    citation:
      "D. Bankman et al.: An always-on 3.8 uJ/86 % CIFAR-10 mixed-signal binary CNN processor with all memory on chip in 28-nm CMOS. IEEE JSSC 54(1), 2019, https://doi.org/10.1109/JSSC.2018.2869150",
    readIn: "abstract",
  },
  {
    ...{ data: "cifar-10", chip: "BinarEye, digital binary", node: 28, accuracy: 0.86, energy: 14.4e-6 },
    includes: "whole system",
    citation:
      "B. Moons et al.: BinarEye: An always-on energy-accuracy-scalable binary CNN processor with all memory on chip in 28nm CMOS. CICC 2018, https://arxiv.org/abs/1804.05554",
    readIn: "abstract",
  },
  {
    ...{ data: "mnist", chip: "ODIN, spiking", node: 28, accuracy: 0.845, energy: 15e-9 },
    includes: "not stated; 16 x 16 pixels, 0.55 V",
    citation:
      "C. Frenkel et al.: A 0.086-mm2 12.7-pJ/SOP 64k-synapse 256-neuron online-learning digital spiking neuromorphic processor in 28nm CMOS. IEEE TBioCAS 13(1), 2019, https://doi.org/10.1109/TBCAS.2018.2880425",
    readIn: "abstract",
  },
  {
    ...{ data: "mnist", chip: "SPOON, event-driven CNN", node: 28, accuracy: 0.975, energy: 313e-9, silicon: false },
    includes: "not stated; 0.6 V",
    citation:
      "C. Frenkel et al.: A 28-nm convolutional neuromorphic processor enabling online learning with spike-based retinas. ISCAS 2020, https://arxiv.org/abs/2005.06318",
    readIn: "abstract",
  },
  {
    ...{ data: "mnist", chip: "DNN ENGINE, sparse digital", node: 28, accuracy: 0.9836, energy: 0.36e-6 },
    includes: "accelerator at 667 MHz",
    citation:
      "P. N. Whatmough et al.: DNN ENGINE: A 28-nm timing-error tolerant sparse deep neural network processor for IoT applications. IEEE JSSC 53(9), 2018, https://vlsiarch.eecs.harvard.edu/publications/dnn-engine-28-nm-timing-error-tolerant-sparse-deep-neural-network-processor",
    readIn: "abstract",
  },
  {
    ...{ data: "mnist", chip: "Chen, spiking", node: 10, accuracy: 0.979, energy: 1.7e-6 },
    includes: "not stated",
    citation:
      "G. K. Chen et al.: A 4096-neuron 1M-synapse 3.8-pJ/SOP spiking neural network with on-chip STDP learning and sparse weights in 10-nm FinFET CMOS. IEEE JSSC 54(4), 2019, https://doi.org/10.1109/JSSC.2018.2884901",
    readIn: "abstract",
  },
  quoted("Park, spiking", 65, 0.981, 0.253e-6, "J. Park et al., ISSCC 2019"),
  quoted("Buhler, spiking", 40, 0.88, 50e-9, "F. N. Buhler et al., VLSI Circuits 2017"),
  quoted("Loihi, 400-400-10", 14, 0.963, 2.5e-6, "Renner et al., 2024"),
  quoted("Loihi, 1920-10", 14, 0.964, 12.8e-6, "C.-K. Lin et al., 2018"),
  quoted("BrainScaleS-2", 65, 0.969, 8.4e-6, "J. Göltz et al., 2019"),
  quoted("TrueNorth, 512 neurons", 28, 0.927, 0.27e-6, "S. K. Esser et al., 2015"),
  quoted("TrueNorth, 3840 neurons", 28, 0.994, 108e-6, "S. K. Esser et al., 2015"),
];
