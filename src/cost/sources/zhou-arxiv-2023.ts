/** Spike densities measured on ImageNet by the authors of Spikingformer. */
import { defineSource, type PriceDraft } from "../receipt.ts";

const density = (what: string, value: number): PriceDraft => ({
  value,
  unit: "1",
  basis: "derived",
  printed: `training log of Spikingformer-8-768, T = 4: firing rates of the eight blocks, ${what}`,
  arithmetic: "mean over the blocks",
});

export const spikingformer = defineSource(
  {
    id: "zhou-arxiv-2023",
    reference:
      "C. Zhou, L. Yu, Z. Zhou, Z. Ma, H. Zhang, H. Zhou, Y. Tian: Spikingformer: Spike-driven residual learning for " +
      "transformer-based spiking neural network. arXiv 2304.11954, 2023, with the logs of its repository",
    url: "https://github.com/zhouchenlin2096/Spikingformer",
    validity:
      "A digital spiking transformer with LIF attention on ImageNet. Densities of other networks and tasks differ.",
  },
  {
    qkv: density("inputs of q, k, v", 0.279),
    projection: density("inputs of the output projection", 0.19),
    up: density("inputs of the first feed-forward layer", 0.2855),
    down: density("inputs of the second feed-forward layer", 0.0106),
    query: density("q", 0.082),
    key: density("k", 0.032),
    value: density("v", 0.059),
    scores: {
      value: 0.1,
      low: 0.02,
      high: 0.3,
      unit: "1",
      basis: "assumed",
      printed: "no density of stochastic scores is published",
      arithmetic: "0.1; used only where cells are gated by their data",
    },
  },
);
