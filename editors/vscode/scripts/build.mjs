// Bundles the extension, and each unit test, into one file each of `dist/`.
import { readdir, rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
const shared = { bundle: true, platform: "node", target: "node20", logLevel: "warning" };
await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  outdir: "dist",
  external: ["vscode"],
  format: "cjs",
  minify: true,
});
const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
await build({
  ...shared,
  entryPoints: tests.map((name) => `test/${name}`),
  outdir: "dist/test",
  format: "esm",
  outExtension: { ".js": ".mjs" },
});
