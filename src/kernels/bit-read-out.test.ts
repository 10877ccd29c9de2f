import { test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { bitReadOutSuite } from "../../test/support/bit-read-out-suite.ts";

for (const backend of BACKENDS) bitReadOutSuite(backend, test);
