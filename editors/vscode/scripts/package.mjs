// Packs the extension with the server's wheel into `bowerbird.vsix`. PYTHON names the Python to
// build the wheel with.
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, rm } from "node:fs/promises";

const root = "../..";
const python = process.env.PYTHON ?? "python3";
const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });

await rm("server", { recursive: true, force: true });
await mkdir("server");
run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "server", root);
await copyFile(`${root}/LICENSE`, "LICENSE");
run(process.execPath, "scripts/build.mjs");
// No repository is named, so links of the README that lead out of it stay as they are.
const options = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links"];
run(
  process.execPath,
  "node_modules/@vscode/vsce/vsce",
  "package",
  ...options,
  "-o",
  "bowerbird.vsix",
);
