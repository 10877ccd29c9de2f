/** Fields of convolutions and of pooling, which stems and listed operations share. */
import { z } from "zod";

export const convolution = {
  /** Side of the window in pixels, zero-padded at the edges. */
  kernel: z.literal([1, 3, 5, 7]).optional().default(3),
  /** Pixels between neighbouring windows. */
  stride: z.int().min(1).max(4).default(1),
};

export const pooling = {
  /** Side of overlapping max-pooling windows. Left out: `pool`. */
  poolWindow: z.literal([3, 5]).exactOptional(),
};
