import { annSuite } from "../../../test/support/ann-suite.ts";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { GPU_BACKEND } from "../../../test/support/gpu-ops.ts";

annSuite(GPU_BACKEND, testOnGpu);
