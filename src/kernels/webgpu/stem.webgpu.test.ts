// @module-tag slow
import { testOnGpu } from "../../../test/support/gpu.ts";
import { GPU_BACKEND } from "../../../test/support/gpu-ops.ts";
import { stemSuite } from "../../../test/support/stem-suite.ts";

stemSuite(GPU_BACKEND, testOnGpu);
