/** Sizes of an AXI interface without a machine, to check its registers alone. */
import type { MachineFacts } from "../../src/rtl/axi/register-map.ts";

export const smallEdge: MachineFacts = {
  ...{ version: "1.2.3", fingerprint: 0xc0db_0001, clocks: 97, vectors: 6, vectorBits: 11, answers: 2, outputs: 3 },
  ...{ totalBits: 21, decisionBits: 3, logitBits: 15, seedWords: 5, windowWords: 5, layout: 0 },
  queueDepth: 3,
  expansion: { key: [1, 2], blocks: 1, heads: null, words: 5 },
  vectorOrder: "token by token, all steps of a token one after another",
};
