// @module-tag slow
import { attentionSuite } from "../../../test/support/attention-suite.ts";
import { bitReadOutSuite } from "../../../test/support/bit-read-out-suite.ts";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { GPU_BACKEND } from "../../../test/support/gpu-ops.ts";
import { readOutSuite } from "../../../test/support/read-out-suite.ts";
import { spikingSuite } from "../../../test/support/spiking-suite.ts";

attentionSuite(GPU_BACKEND, testOnGpu);
bitReadOutSuite(GPU_BACKEND, testOnGpu);
readOutSuite(GPU_BACKEND, testOnGpu);
spikingSuite(GPU_BACKEND, testOnGpu);
