// Packs the extension with the server's wheel into `bowerbird.vsix`. PYTHON names the Python to
// build the wheel with.
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";

const root = "../..";
const python = process.env.PYTHON ?? "python3";
const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });

for (const folder of ["server", "pictures"]) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
}
run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "server", root);
await copyFile(`${root}/LICENSE`, "LICENSE");

// The pictures lie outside of the extension's folder, so they and the page move together.
const page = await readFile("README.md", "utf8");
for (const [, name] of page.matchAll(/\.\.\/\.\.\/docs\/([\w-]+\.png)/g)) {
  await copyFile(`${root}/docs/${name}`, `pictures/${name}`);
}
await writeFile("pictures/README.md", page.replaceAll("../../docs/", "pictures/"));

run(process.execPath, "scripts/build.mjs");
const options = [
  ...["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links"],
  ...["--readme-path", "pictures/README.md", "--out", "bowerbird.vsix"],
];
run(process.execPath, "node_modules/@vscode/vsce/vsce", "package", ...options);
