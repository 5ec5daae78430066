import assert from "node:assert/strict";
import { test } from "node:test";
import { label, tooltip, type View } from "../src/view";

const ready: View = {
  phase: "running",
  enabled: true,
  server: { state: "ready", model: "smollm2-135m", indexedFiles: 1234, lastLatencyMs: 81.6 },
};

test("the label names the model and the last answer's time", () => {
  assert.equal(label(ready), "$(check) Bowerbird · smollm2-135m · 82 ms");
});

test("a time that rounds to nothing is not told as none", () => {
  const server = { ...ready.server, lastLatencyMs: 0.1 } as View["server"];
  assert.match(label({ ...ready, server }), /under 1 ms$/);
});

test("the label shows how far indexing has come, though suggestions are off", () => {
  const progress = { title: "Indexing shop", percentage: 45 };
  assert.equal(label({ ...ready, enabled: false, progress }), "$(loading~spin) Indexing shop 45%");
  const unknown = { title: "Indexing shop", percentage: undefined };
  assert.equal(label({ ...ready, progress: unknown }), "$(loading~spin) Indexing shop");
});

test("the label says that suggestions are off, everywhere or in this language", () => {
  assert.match(label({ ...ready, enabled: false }), /off$/);
  assert.match(label({ ...ready, languageOff: "markdown" }), /off$/);
  assert.match(tooltip({ ...ready, languageOff: "markdown" }), /off in markdown/);
});

test("the label says what is wrong with the server", () => {
  assert.match(label({ phase: "missing", enabled: true }), /install/);
  assert.match(label({ phase: "stopped", enabled: true }), /stopped/);
});

test("the tooltip tells what is indexed, and that there is no model", () => {
  const server = { state: "ready", model: "index", indexedFiles: 3, lastLatencyMs: null } as const;
  const text = tooltip({ ...ready, server });
  assert.match(text, /3 files/);
  assert.match(text, /index alone/);
  assert.match(text, /none yet/);
});
