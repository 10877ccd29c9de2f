// @module-tag slow
import { test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { stemSuite } from "../../test/support/stem-suite.ts";

for (const backend of BACKENDS) stemSuite(backend, test);
