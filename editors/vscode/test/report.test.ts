import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "../src/report";

test("the page tells what is indexed and what became of suggestions", () => {
  const page = report({
    state: "ready",
    model: "smollm2-135m",
    indexedFiles: 12,
    lastLatencyMs: 80,
    folders: [
      {
        root: "/home/me/shop",
        files: 12,
        snippets: 3456,
        bytesOnDisk: 7_000_000,
        languages: { python: 10, markdown: 2 },
        skipped: 4,
      },
    ],
    suggestions: { requests: 200, shown: 100, accepted: 25, medianLatencyMs: 61.4 },
  });
  assert.match(page, /\| Accepted \| 25 \(25 %\) \|/);
  assert.match(page, /\| Median time of an answer \| 61 ms \|/);
  assert.match(page, /### \/home\/me\/shop\n\n12 files, 3,456 snippets, 7 MB on disk; 4 files/);
  assert.match(page, /\| python \| 10 \|/);
});

test("before the first suggestion no share is made up", () => {
  const suggestions = { requests: 0, shown: 0, accepted: 0, medianLatencyMs: null };
  const server = { state: "ready", model: "index", indexedFiles: 0, lastLatencyMs: null } as const;
  const page = report({ ...server, folders: [], suggestions });
  assert.match(page, /\| Accepted \| 0 \|/);
  assert.match(page, /none yet/);
  assert.match(page, /No folder is open/);
});
