import { describe, expect, test } from "vitest";
import { PlatformError, SpecError } from "../../errors.ts";
import { buildId } from "../build.ts";
import {
  connectQueue,
  jobSpec,
  PASSWORD_VARIABLE,
  parseQueueAddress,
  queueName,
  shownAddress,
  withoutPassword,
} from "./valkey.ts";

describe("the address of a queue", () => {
  const plain = { host: "127.0.0.1", port: 6379, database: 0, user: null, password: null, tls: null };
  test.each([
    ["valkey://127.0.0.1", plain],
    ["redis://lab3:7000/2", { ...plain, host: "lab3", port: 7000, database: 2 }],
    ["valkey://me:p%40ss@lab3", { ...plain, host: "lab3", user: "me", password: "p@ss" }],
    ["valkeys://lab3?ca=/etc/ca.pem", { ...plain, host: "lab3", tls: { ca: "/etc/ca.pem" } }],
    ["rediss://lab3", { ...plain, host: "lab3", tls: { ca: null } }],
  ])("%s", (text, address) => {
    expect(parseQueueAddress(text)).toEqual(address);
  });

  test("takes its password from the environment if it has none", () => {
    const environment = { [PASSWORD_VARIABLE]: "secret" };
    expect(parseQueueAddress("valkey://lab3", environment).password).toBe("secret");
    expect(parseQueueAddress("valkey://:own@lab3", environment).password).toBe("own");
  });

  test.each([
    ["threads!", "does not begin with valkey://"],
    ["http://lab3", "does not begin with valkey://"],
    ["valkey://lab3:port", "it is not a URL"],
    ["valkey://me:50%@lab3", "write a % in user and password as %25"],
    ["valkey://lab3/queue", "a database number"],
    ["valkey://lab3?ca=ca.pem", "a certificate needs valkeys://"],
  ])("%s is refused", (text, message) => {
    expect(() => parseQueueAddress(text)).toThrow(SpecError);
    expect(() => parseQueueAddress(text)).toThrow(message);
  });
});

test.each([
  ["valkey://me:p%40ss@lab3", "valkey://me:***@lab3", "valkey://me@lab3"],
  ["valkey://:a/b@c@lab3:70000/2", "valkey://:***@lab3:70000/2", "valkey://:***@lab3:70000/2"],
  [
    "valkeys://:secret@lab3:7000/2?ca=ca.pem",
    "valkeys://:***@lab3:7000/2?ca=ca.pem",
    "valkeys://lab3:7000/2?ca=ca.pem",
  ],
  ["valkey:/me:secret@lab3", "valkey:/me:***@lab3", "valkey:/me:***@lab3"],
  ["me:secret@lab3", "me:***@lab3", "me:***@lab3"],
  ["valkey://me@lab3", "valkey://me@lab3", "valkey://me@lab3"],
  ["valkey://lab3:7000", "valkey://lab3:7000", "valkey://lab3:7000"],
])("%s is shown without its password", (text, shown, again) => {
  expect(shownAddress(text)).toBe(shown);
  expect(withoutPassword(text)).toBe(again);
});

test.each(["valkey://me:50%@lab3", "valkey://:a/b@lab3:port", "http://me:50%@lab3", "valkey://me:50%@lab3/x"])(
  "%s is refused without naming its password",
  (text) => {
    const refused = () => parseQueueAddress(text);
    expect(refused).toThrow(":***@lab3");
    expect(refused).not.toThrow(/50|a\/b/);
  },
);

test("a server that does not answer is named, with the remedy", async () => {
  // Nothing listens on port 1.
  const connection = connectQueue(parseQueueAddress("valkey://127.0.0.1:1"));
  await expect(connection).rejects.toThrow(PlatformError);
  await expect(connection).rejects.toThrow(
    /Cannot use a Valkey or Redis server at 127\.0\.0\.1:1: .*ECONNREFUSED.*Start one/,
  );
});

test("the queue belongs to one build, and accepts only points", () => {
  expect(queueName()).toBe(`units-3-${buildId()}`);
  const hash = "0".repeat(64);
  const point = { point: 0, hash, values: { "hardware.adc.bits": 5 }, network: null, data: null };
  const operation = { name: "head", kind: "linear", cycles: 8, clipped: 0, actions: { conversions: 16 } };
  const earlier = { trials: 2, now: ["0120"], later: null, losses: [1.5], operations: [operation], spikes: [{}] };
  expect(jobSpec.safeParse({ sweep: hash, points: [point, { ...point, earlier }] }).success).toBe(true);
  for (const job of [
    { sweep: hash, points: [] },
    { sweep: "../etc", points: [point] },
    { sweep: hash, points: [{ ...point, network: "file:///etc/passwd" }] },
    { sweep: hash, points: [point], script: "1 + 1" },
    { sweep: hash, points: [{ ...point, earlier: { ...earlier, now: [1] } }] },
    { sweep: hash, points: [{ ...point, earlier: { ...earlier, operations: [{ ...operation, cycles: 0.5 }] } }] },
  ]) {
    expect(jobSpec.safeParse(job).success).toBe(false);
  }
});
