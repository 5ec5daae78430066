import assert from "node:assert/strict";
import { test } from "node:test";
import { forServer, megabytes, withToggled } from "../src/values";

test("the server is sent its own settings only", () => {
  const model = { name: "smollm2-135m" };
  const all = { model, server: { command: "" }, disabledLanguages: ["markdown"], trace: {} };
  assert.deepEqual(forServer(all), { model });
  assert.equal(forServer(null), null);
});

test("a language is added where it was not, and else removed", () => {
  assert.deepEqual(withToggled([], "python"), ["python"]);
  assert.deepEqual(withToggled(["python"], "markdown"), ["markdown", "python"]);
  assert.deepEqual(withToggled(["markdown", "python"], "python"), ["markdown"]);
});

test("sizes are told in megabytes", () => {
  assert.equal(megabytes(92_871_040), "93 MB");
  assert.equal(megabytes(1_500_000_000), "1,500 MB");
});
