// @module-tag slow
import { test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { readOutSuite } from "../../test/support/read-out-suite.ts";

for (const backend of BACKENDS) readOutSuite(backend, test);
