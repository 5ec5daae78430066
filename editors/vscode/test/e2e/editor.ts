// Starts code-server, which is VS Code in a browser, with the packed extension installed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

/** Only what matters here: no chat, no welcome page, no look at the network; no list over the text. */
const SETTINGS = {
  "bowerbird.completion.eagerness": "eager",
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "editor.quickSuggestions": { comments: "off", other: "off", strings: "off" },
  "editor.suggestOnTriggerCharacters": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "telemetry.telemetryLevel": "off",
  "window.commandCenter": false,
  "workbench.colorTheme": "Default Light Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
};

export interface Editor {
  /** Address of the page with the workspace open. */
  url: string;
  workspace: string;
  /** Where the server keeps models and indexes. */
  bowerbirdHome: string;
  /** The file of the machine's settings. */
  settings: string;
  end(): Promise<void>;
}

export interface Parts {
  /** The JavaScript file that `code-server` runs. */
  codeServer: string;
  /** The packed extension. */
  extension: string;
  /** Settings of this machine, the only place of those that a workspace cannot set. */
  settings: Record<string, unknown>;
}

/** A new editor: its home is a temporary folder, in which its workspace is empty. */
export async function startEditor({ codeServer, extension, settings }: Parts): Promise<Editor> {
  const home = await mkdtemp(path.join(tmpdir(), "bowerbird-e2e-"));
  const workspace = path.join(home, "project");
  const bowerbirdHome = path.join(home, "bowerbird");
  await mkdir(workspace);
  await writeSettings(path.join(home, "user", "User"), SETTINGS);
  await writeSettings(path.join(home, "user", "Machine"), settings);
  await writeFile(path.join(home, "config.yaml"), "auth: none\n");

  const start = (...options: string[]) =>
    spawn(process.execPath, [codeServer, ...STORAGE, ...options], {
      cwd: home,
      env: { ...process.env, PATH: pathWithoutBowerbird(), BOWERBIRD_HOME: bowerbirdHome },
      stdio: ["ignore", "pipe", "inherit"],
    });
  const [code] = await once(start("--install-extension", extension), "exit");
  if (code !== 0) throw new Error(`${extension} cannot be installed.`);
  const server = start(
    "--bind-addr",
    "127.0.0.1:0",
    "--disable-telemetry",
    "--disable-update-check",
  );
  const address = await addressOf(server);
  return {
    url: `${address}?folder=${encodeURIComponent(workspace)}`,
    workspace,
    bowerbirdHome,
    settings: path.join(home, "user", "Machine", "settings.json"),
    async end() {
      server.kill();
      await once(server, "exit");
      // Its helpers may still write for a moment.
      await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

const STORAGE = ["--config", "config.yaml", "--user-data-dir", "user", "--extensions-dir", "ext"];

/** A new user has no `bowerbird` command yet. */
function pathWithoutBowerbird(): string {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.filter((each) => !existsSync(path.join(each, "bowerbird"))).join(path.delimiter);
}

async function writeSettings(folder: string, settings: Record<string, unknown>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "settings.json"), JSON.stringify(settings));
}

async function addressOf(server: ChildProcess): Promise<string> {
  if (!server.stdout) throw new Error("code-server has no output.");
  for await (const line of createInterface(server.stdout)) {
    const address = /HTTP server listening on (\S+)/.exec(line);
    if (address?.[1]) {
      server.stdout.resume();
      return address[1];
    }
  }
  throw new Error("code-server ended before it listened.");
}
