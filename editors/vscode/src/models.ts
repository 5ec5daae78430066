// Choosing the model, and pulling one: the only thing here that uses the network, when asked.

import * as vscode from "vscode";
import type { Model } from "./protocol";
import type { Server } from "./server";
import { change, setting } from "./settings";
import { megabytes } from "./values";

/** Have the user choose the model to use, and pull it where it is not installed. */
export async function chooseModel(server: Server): Promise<void> {
  const models = await knownModels(server);
  const model = await pick(models, "Which model should write suggestions?");
  if (!model) return;
  await change("model.name", model.name);
  if (!model.installed) pull(server, model);
}

/** Have the user choose a model to pull. */
export async function pullModel(server: Server): Promise<void> {
  const missing = (await knownModels(server)).filter((model) => !model.installed);
  if (missing.length === 0) throw new Error("All known models are installed.");
  const model = await pick(missing, "Which model should be downloaded and converted?");
  if (model) pull(server, model);
}

function knownModels(server: Server): Promise<Model[]> {
  return server.execute<Model[]>("bowerbird.models");
}

async function pick(models: Model[], title: string): Promise<Model | undefined> {
  const current = setting<string>("model.name");
  const items = models.map((model) => ({
    label: model.name === current ? `$(check) ${model.name}` : model.name,
    description: model.installed ? "installed" : `${megabytes(model.downloadBytes)} to download`,
    detail: [model.description, model.licence].filter(Boolean).join(" · "),
    model,
  }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDetail: true }))?.model;
}

/** In a terminal, where progress, an error, and the way to stop are plain to see. */
function pull(server: Server, model: Model): void {
  if (!server.program) throw new Error("Install the server first.");
  const terminal = vscode.window.createTerminal({
    name: `Pull ${model.name}`,
    shellPath: server.program.command,
    shellArgs: ["model", "pull", model.name],
    env: server.program.env,
    strictEnv: true,
  });
  terminal.show();
}
