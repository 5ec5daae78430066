// A new user's first minutes with the packed extension in a real VS Code. Run it with `./run`.
//
// BOWERBIRD_E2E_MODEL may name a folder with smollm2-135m as `bowerbird model pull` leaves it, and
// BOWERBIRD_E2E_PICTURES a folder for pictures of what was seen.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Editor, startEditor } from "./editor.ts";
import { Workbench } from "./page.ts";

const { CODE_SERVER, CHROMIUM, PYTHON, BOWERBIRD_E2E_MODEL, BOWERBIRD_E2E_PICTURES } = process.env;
const INSTALLATION = 300_000; // milliseconds: it downloads libraries, and compiles one
/** Parts of Python's library that make the workspace large enough to watch its indexing. */
const LIBRARY = [
  "asyncio",
  "concurrent",
  "http",
  "importlib",
  "json",
  "logging",
  "unittest",
  "xml",
];
const HERE = import.meta.dirname;

let editor: Editor;
let bench: Workbench;

before(async () => {
  assert.ok(CODE_SERVER && CHROMIUM && PYTHON, "Start this with ./run.");
  editor = await startEditor({
    codeServer: CODE_SERVER,
    extension: path.join(HERE, "../../bowerbird.vsix"),
    // The index alone suggests what can be foreseen.
    settings: { "bowerbird.server.python": PYTHON, "bowerbird.model.name": "index" },
  });
  await cp(path.join(HERE, "workspace"), editor.workspace, { recursive: true });
  const stdlib = execFileSync(PYTHON, ["-c", "import os; print(os.path.dirname(os.__file__))"]);
  for (const name of LIBRARY) {
    const from = path.join(stdlib.toString().trim(), name);
    await cp(from, path.join(editor.workspace, "library", name), { recursive: true });
  }
  bench = await Workbench.open(CHROMIUM, editor.url);
});

afterEach(async (context) => {
  if (context.name) await picture(`last-${context.name.replaceAll(/\W+/g, "-")}`);
});

after(async () => {
  await bench?.close();
  await editor?.end();
});

test("in a folder that is not trusted it stays off", async () => {
  await bench.page.getByText("Restricted Mode", { exact: true }).waitFor();
  await sleep(3000);
  assert.equal(await bench.status.count(), 0);
});

test("once the folder is trusted it asks, installs the server, and shows how indexing goes", async () => {
  await bench.trust();
  await bench.statusSays(/install/);
  await bench.page.getByRole("button", { name: "Install", exact: true }).click();
  await bench.statusSays(/Indexing project [1-9]\d?%/, INSTALLATION);
  await picture("progress");
  await bench.statusSays(/index only/);
});

test("ghost text appears, and is taken by word, by line and whole", async () => {
  await bench.open("refund.py");
  await bench.type("    amount = cart.total_pri");
  await bench.ghostText.filter({ hasText: "ce(price_list)" }).waitFor();
  await picture("ghost-text");
  await bench.press("Control+ArrowRight");
  await fileEndsWith("amount = cart.total_price");
  await bench.ghostText.filter({ hasText: "(price_list)" }).waitFor();
  await bench.press("Alt+End");
  await fileEndsWith("amount = cart.total_price(price_list)");
  await bench.press("Enter");
  await bench.type("twice = cart.total_pri");
  await bench.ghostText.filter({ hasText: "ce(price_list)" }).waitFor();
  await bench.press("Tab");
  await fileEndsWith("twice = cart.total_price(price_list)");
});

test("the snippets behind it are shown", async () => {
  await bench.command("Bowerbird: Show the Snippets behind the Last Suggestion");
  await bench
    .rows(/shop\/\w+\.py:\d+/)
    .first()
    .waitFor();
  await picture("sources");
  await bench.press("Escape");
});

test("a function is found by what it does, and shown", async () => {
  await bench.command("Bowerbird: Search Code by Meaning");
  await bench.page.getByPlaceholder("charge a credit card").fill("send an invoice by mail");
  await bench.rows("pay_by_invoice").first().waitFor();
  await bench.page.locator(".tab.active[data-resource-name='checkout.py']").waitFor();
  await picture("search");
  await bench.press("Escape");
  await bench.page.locator(".tab.active[data-resource-name='refund.py']").waitFor();
});

test("hover tells where a function is used", async () => {
  await bench.open("checkout.py");
  const line = bench.page.locator(".view-line").filter({ hasText: "amount = cart" }).first();
  await line.locator("span").filter({ hasText: "total_price" }).last().hover();
  const usages = /Used in.*shop\/checkout\.py:\d+/s;
  await bench.page.locator(".monaco-hover").filter({ hasText: usages }).waitFor();
  await picture("hover");
});

test("it is turned off and on, everywhere and for a language", async () => {
  await bench.open("refund.py");
  for (const command of [
    "Turn Suggestions On or Off",
    "Turn Suggestions On or Off for This Language",
  ]) {
    await bench.command(`Bowerbird: ${command}`);
    await bench.statusSays(/off/);
    await bench.press("Enter");
    await bench.type("again = cart.total_pri");
    await sleep(2000);
    assert.equal(await bench.ghostText.count(), 0);
    await bench.command(`Bowerbird: ${command}`);
    await bench.statusSays(/index only/);
  }
  await bench.type("c");
  await bench.ghostText.filter({ hasText: "e(price_list)" }).waitFor();
  await bench.press("Escape");
});

test("statistics count what was taken", async () => {
  await bench.command("Bowerbird: Show Statistics");
  await until(async () => {
    const counts = bench.page.frames().map((frame) => frame.getByText("Accepted").count());
    const settled = await Promise.allSettled(counts); // a frame may be replaced while it is asked
    return settled.some((each) => each.status === "fulfilled" && each.value > 0);
  });
  await picture("statistics");
  await bench.command("View: Close Editor");
});

test("the server is restarted", async () => {
  await bench.command("Bowerbird: Restart the Server");
  await bench.statusSays(/Bowerbird$|starting/);
  await bench.statusSays(/index only/);
});

test("a model is chosen, and writes", { skip: !BOWERBIRD_E2E_MODEL && "no model" }, async () => {
  const models = path.join(editor.bowerbirdHome, "models");
  await mkdir(models, { recursive: true });
  await symlink(BOWERBIRD_E2E_MODEL as string, path.join(models, "smollm2-135m"));
  await bench.command("Bowerbird: Choose a Model");
  await bench.rows("smollm2-135m").filter({ hasText: "installed" }).click();
  await bench.statusSays(/smollm2-135m/);
  await until(async () => (await readFile(editor.settings, "utf8")).includes("smollm2-135m"));
  await bench.open("cart.py");
  await bench.press("Enter");
  await bench.type("    def clear");
  await bench.ghostText.first().waitFor();
  await picture("model");
  await bench.statusSays(/smollm2-135m · \d+ ms/);
});

/** Save the file in front, and wait until it ends so: automatic saving is off. */
async function fileEndsWith(text: string): Promise<void> {
  const file = path.join(editor.workspace, "shop", "refund.py");
  await until(async () => {
    await bench.press("Control+S");
    return (await readFile(file, "utf8")).trimEnd().endsWith(text);
  });
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if (await isTrue()) return;
    await sleep(500);
  }
  assert.fail("It did not become true in time.");
}

async function picture(name: string): Promise<void> {
  if (!BOWERBIRD_E2E_PICTURES) return;
  await bench?.page.screenshot({ path: path.join(BOWERBIRD_E2E_PICTURES, `${name}.png`) });
}
