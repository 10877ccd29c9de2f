/** Performance of graphics processors, as an order of magnitude. */
import { defineSource } from "../receipt.ts";

export const gpuAnchors = defineSource(
  {
    id: "gpu-anchors",
    reference: "NVIDIA: Jetson AGX Orin series; efficiencies as accelerator papers cite them",
    url: "https://www.nvidia.com/en-us/autonomous-machines/embedded-systems/jetson-orin/",
    validity: "Batch 1. An order of magnitude only: software, clocks and batch decide.",
  },
  {
    efficiency: {
      value: 0.177e12,
      low: 0.0158e12,
      high: 1.56e12,
      unit: "op/J",
      basis: "derived",
      printed: "as cited by accelerator papers: Jetson AGX Orin 0.177 TOPS/W, GTX 1060 0.0158, A100 at its peak 1.56",
      arithmetic: "the edge device; the original measurement was not available to us",
    },
    power: {
      value: 40,
      unit: "W",
      basis: "printed",
      printed: "40 W mode of the same module",
      arithmetic: "as printed",
    },
    launch: {
      value: 5e-6,
      low: 2e-6,
      high: 10e-6,
      unit: "s",
      basis: "assumed",
      printed: "launching a kernel takes some microseconds",
      arithmetic: "5 us",
    },
  },
);
