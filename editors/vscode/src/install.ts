// Finds the server, or installs it into an environment of the extension's own, if the user agrees.

import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import * as environment from "./environment";
import { setting } from "./settings";

/** A `bowerbird` command and the environment variables to run it with. */
export interface Program {
  command: string;
  env: NodeJS.ProcessEnv;
}

const QUESTION =
  "Bowerbird needs its server. May it install it into a Python environment of its own? " +
  "That downloads the libraries it is built on (about 80 MB), once.";
const DECLINED = "declined"; // the state's key

/** The server that is there: the one of the settings, our own, or the one on the PATH. */
export async function findServer(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): Promise<Program | undefined> {
  const chosen = setting<string>("server.command");
  if (chosen) return { command: chosen, env: process.env };
  const folder = environmentFolder(context, await readWheel(context));
  if (await environment.isComplete(folder)) return ownProgram(folder);
  const command = await environment.which("bowerbird", process.env.PATH ?? "");
  if (!command) return undefined;
  try {
    const version = await environment.run(command, ["--version"]);
    if (version.startsWith("bowerbird ")) return { command, env: process.env };
    log.warn(`${command} is another program than Bowerbird's server, and is not used.`);
  } catch (error) {
    log.warn(`${command} does not run: ${error}`);
  }
  return undefined;
}

/** Ask to install the server, but not again once the user said no: a command is left for that. */
export async function mayInstall(context: vscode.ExtensionContext): Promise<boolean> {
  if (context.globalState.get(DECLINED)) return false;
  const answer = await vscode.window.showInformationMessage(QUESTION, "Install", "No");
  await context.globalState.update(DECLINED, answer === "No");
  return answer === "Install";
}

/** Install the server; undefined, with a message for the user, when that fails. */
export async function installServer(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): Promise<Program | undefined> {
  const wheel = await readWheel(context);
  const folder = environmentFolder(context, wheel);
  try {
    await withProgress(log, async (options) => {
      const python = await environment.findPython(setting("server.python"));
      if (!python) throw new Error(missingPython());
      await environment.makeEnvironment(python, folder, wheel.path, options);
    });
  } catch (error) {
    log.error(`The server is not installed: ${error}`);
    const message = `Bowerbird's server is not installed: ${reason(error)}`;
    void vscode.window
      .showErrorMessage(message, "Show Log", "Settings")
      .then((answer) => help(answer, log));
    return undefined;
  }
  await removeOthers(folder, log);
  return ownProgram(folder);
}

function missingPython(): string {
  const chosen = setting<string>("server.python");
  return chosen
    ? `${chosen}, of the setting bowerbird.server.python, is no Python 3.11 or later.`
    : "no Python 3.11 or later was found. Install one, or name it in bowerbird.server.python.";
}

function ownProgram(folder: string): Program {
  return {
    command: environment.programIn(folder, "bowerbird"),
    env: environment.withoutPython(process.env),
  };
}

interface Wheel {
  path: string;
  hash: string;
}

/** The server's wheel that came with the extension. */
async function readWheel(context: vscode.ExtensionContext): Promise<Wheel> {
  const folder = context.asAbsolutePath("server");
  const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (!name) throw new Error(`The extension is incomplete: ${folder} has no wheel.`);
  const file = path.join(folder, name);
  const hash = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return { path: file, hash };
}

/** One environment for each wheel, so that a new version of the extension makes a new one. */
function environmentFolder(context: vscode.ExtensionContext, wheel: Wheel): string {
  return path.join(context.globalStorageUri.fsPath, `server-${wheel.hash.slice(0, 12)}`);
}

/** Remove the environments of former versions. */
async function removeOthers(folder: string, log: vscode.LogOutputChannel): Promise<void> {
  const parent = path.dirname(folder);
  for (const name of await readdir(parent)) {
    const other = path.join(parent, name);
    if (!name.startsWith("server-") || other === folder) continue;
    await rm(other, { recursive: true, force: true }).catch((error) =>
      log.warn(`${other} is no longer needed but stays, since it is in use: ${error}`),
    );
  }
}

/** Do work with a notification that shows its steps and can end it. */
async function withProgress(
  log: vscode.LogOutputChannel,
  work: (options: environment.RunOptions) => Promise<void>,
): Promise<void> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: "Installing Bowerbird's server",
    cancellable: true,
  };
  await vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    const onLine = (line: string) => {
      log.info(line);
      const message = environment.pipStep(line);
      if (message) progress.report({ message });
    };
    const env = environment.withoutPython(process.env);
    await work({ env, onLine, signal: stop.signal });
  });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "AbortError" ? "you stopped it." : environment.explained(error.message);
}

async function help(answer: string | undefined, log: vscode.LogOutputChannel): Promise<void> {
  if (answer === "Show Log") log.show();
  if (answer === "Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "bowerbird.server");
  }
}
