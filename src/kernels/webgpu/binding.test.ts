import { expect, test } from "vitest";
import { requireBinding } from "./binding.ts";

const gpu = { name: "a small GPU", largestArray: 2 ** 27 };

test("a plan may take all that a GPU binds, and not a byte more", () => {
  requireBinding(gpu, 2 ** 27);
  expect(() => requireBinding(gpu, 3 * 2 ** 26)).toThrow(
    "The plan needs 192.0 MiB in one array, 1.5 times the 128.0 MiB that a small GPU binds at a time",
  );
});
