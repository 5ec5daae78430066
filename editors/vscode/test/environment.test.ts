import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import * as environment from "../src/environment";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "bowerbird-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("a Python that is new enough is found, and no other program is taken for one", async () => {
  assert.ok(path.isAbsolute((await environment.findPython("")) ?? ""));
  assert.equal(await environment.findPython(process.execPath), undefined);
  assert.equal(await environment.findPython(path.join(folder, "nothing")), undefined);
  assert.ok(environment.isNewEnough(3, 11));
  assert.ok(environment.isNewEnough(4, 0));
  assert.ok(!environment.isNewEnough(3, 9));
});

test("what cannot be installed leaves no environment behind", async () => {
  const python = await environment.findPython("");
  assert.ok(python);
  const broken = path.join(folder, "broken-1.0-py3-none-any.whl");
  await writeFile(broken, "no wheel");
  const place = path.join(folder, "environment");
  const lines: string[] = [];
  await assert.rejects(
    environment.makeEnvironment(python, place, broken, { onLine: (line) => lines.push(line) }),
    /broken/,
  );
  assert.ok(lines.length > 0);
  assert.equal(await environment.isComplete(place), false);
});

test("a program's output, failure and end by the user are told", async () => {
  const node = process.execPath;
  assert.equal(await environment.run(node, ["-e", "console.log('one\\ntwo')"]), "one\ntwo");
  await assert.rejects(environment.run(node, ["-e", "process.exit(3)"]), /exit code 3/);
  const stop = new AbortController();
  const running = environment.run(node, ["-e", "setInterval(() => 0, 1e6)"], {
    signal: stop.signal,
  });
  stop.abort();
  await assert.rejects(running, { name: "AbortError" });
});

test("a command is found in the absolute folders of a PATH", async () => {
  const name = process.platform === "win32" ? "bowerbird.exe" : "bowerbird";
  const file = path.join(folder, name);
  await writeFile(file, "");
  await chmod(file, 0o755);
  const search = (...folders: string[]) =>
    environment.which("bowerbird", folders.join(path.delimiter));
  assert.equal(await search(path.join(folder, "nothing"), folder), file);
  assert.equal(await search(path.relative(process.cwd(), folder)), undefined);
});

test("an environment's programs have each system's names", () => {
  assert.match(environment.programIn("e", "bowerbird", "linux"), /^e.bin.bowerbird$/);
  assert.match(environment.programIn("e", "bowerbird", "win32"), /^e.Scripts.bowerbird\.exe$/);
});

test("the server's Python takes no modules from elsewhere", () => {
  const given = { PATH: "/bin", PYTHONPATH: "/project", PYTHONHOME: "/old" };
  assert.deepEqual(environment.withoutPython(given), { PATH: "/bin" });
});

test("pip's failures are told with what to do, where that is known", () => {
  const compiler = "  ERROR: Failed building wheel for hnswlib\nERROR: Could not build wheels";
  assert.match(environment.explained(compiler), /C\+\+ compiler/);
  const unreached = "ERROR: No matching distribution found for numpy>=2";
  assert.match(environment.explained(unreached), /could not be reached/);
  const other = "The virtual environment was not created: ensurepip is not available.";
  assert.equal(environment.explained(other), other);
});

test("pip's steps are told in short", () => {
  const told = (line: string) => environment.pipStep(line);
  assert.equal(told("Collecting onnxruntime>=1.23 (from bowerbird)"), "Collecting onnxruntime");
  assert.equal(
    told("  Downloading numpy-2.3.0-cp311.whl (16 MB)"),
    "Downloading numpy-2.3.0-cp311.whl",
  );
  assert.equal(
    told("Building wheel for hnswlib (pyproject.toml): started"),
    "Building wheel for hnswlib",
  );
  assert.equal(told("Installing collected packages: numpy"), "Installing packages");
  assert.equal(told("Requirement already satisfied"), undefined);
});
