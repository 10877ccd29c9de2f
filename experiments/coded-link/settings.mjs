// What `ldpc.mjs` measures, and what others have published for the same code, decoder and channel: block errors at Eb/N0 in dB.

/** Sionna 1.2.1, tutorial "5G Channel Coding: Polar vs. LDPC Codes", results printed below "5G LDPC BP-20 (n=2000)". */
const SIONNA = {
  source: "[Sionna](https://nvlabs.github.io/sionna/phy/tutorials/5G_Channel_Coding_Polar_vs_LDPC_Codes.html)",
  points: [
    { ebN0: 1.5, errors: 515, blocks: 21_000 },
    { ebN0: 1.75, errors: 218, blocks: 100_000 },
  ],
};

/** AFF3CT 4.4.0, reference LDPC/AWGN/BPSK/BP_HORIZONTAL_LAYERED/SPA/LDPC_N1024_K512_hlayered_SPA_i10_5G.txt. */
const AFF3CT = {
  source: "[AFF3CT](https://github.com/aff3ct/error_rate_references)",
  points: [
    { ebN0: 1.75, errors: 102, blocks: 5058 },
    { ebN0: 2, errors: 100, blocks: 27_434 },
  ],
};

const K1000 = { informationBits: 1000, codedBits: 2000 };

export const SETTINGS = [
  {
    name: "flooding-20",
    ...K1000,
    decoder: { rule: "belief-propagation", schedule: "flooding", iterations: 20 },
    ebN0: [1.5, 1.6],
    published: SIONNA,
  },
  {
    name: "layered-10",
    informationBits: 512,
    codedBits: 1024,
    decoder: { rule: "belief-propagation", iterations: 10 },
    ebN0: [1.75, 1.9],
    published: AFF3CT,
  },
  {
    name: "layered-20",
    ...K1000,
    decoder: { rule: "belief-propagation", iterations: 20 },
    ebN0: [1.2, 1.3],
  },
  {
    name: "min-sum-20",
    ...K1000,
    decoder: { rule: "min-sum", iterations: 20, scale: 0.75 },
    ebN0: [1.4, 1.5],
  },
];
