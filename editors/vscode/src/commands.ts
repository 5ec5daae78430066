// The commands: which there are, and the menu of them. What they do is in other files.

import * as vscode from "vscode";
import { chooseModel, pullModel } from "./models";
import { search } from "./search";
import type { Server } from "./server";
import { setting, suggestsIn, toggle, toggleLanguage } from "./settings";
import { showSources } from "./sources";
import { showStatistics } from "./statistics";

/** Register all commands; each failure is one sentence for the user. */
export function registerCommands(
  server: Server,
  log: vscode.LogOutputChannel,
): vscode.Disposable[] {
  const commands: Record<string, () => unknown> = {
    menu: () => showMenu(),
    search: () => search(server),
    showSources: () => showSources(server),
    toggle: () => toggle(),
    toggleLanguage: () => toggleLanguageHere(),
    chooseModel: () => chooseModel(server),
    pullModel: () => pullModel(server),
    reindexWorkspace: () => reindex(server),
    showStatistics: () => showStatistics(),
    installServer: () => server.install(),
    restart: () => server.restart(),
    showLog: () => log.show(),
  };
  return Object.entries(commands).map(([name, command]) =>
    vscode.commands.registerCommand(`bowerbird.${name}`, async () => {
      try {
        await command();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        void vscode.window.showErrorMessage(`Bowerbird: ${message}`);
      }
    }),
  );
}

async function showMenu(): Promise<void> {
  const language = currentLanguage();
  const entries: [text: string, command: string][] = [
    [
      setting("completion.enabled") ? "$(circle-slash) Turn off" : "$(check) Turn on",
      "bowerbird.toggle",
    ],
    ["$(symbol-class) Choose a model…", "bowerbird.chooseModel"],
    ["$(search) Search code by meaning…", "bowerbird.search"],
    ["$(references) Show the snippets behind the last suggestion", "bowerbird.showSources"],
    ["$(graph) Show statistics", "bowerbird.showStatistics"],
    ["$(refresh) Reindex the workspace", "bowerbird.reindexWorkspace"],
    ["$(debug-restart) Restart the server", "bowerbird.restart"],
    ["$(output) Show the log", "bowerbird.showLog"],
  ];
  if (language && setting("completion.enabled")) {
    const verb = suggestsIn(language) ? "$(circle-slash) Turn off" : "$(check) Turn on";
    entries.splice(1, 0, [`${verb} for ${language}`, "bowerbird.toggleLanguage"]);
  }
  const items = entries.map(([label, command]) => ({ label, command }));
  const chosen = await vscode.window.showQuickPick(items, { title: "Bowerbird" });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}

async function toggleLanguageHere(): Promise<void> {
  const language = currentLanguage();
  if (!language) throw new Error("Open a file of the language first.");
  await toggleLanguage(language);
}

function currentLanguage(): string | undefined {
  return vscode.window.activeTextEditor?.document.languageId;
}

async function reindex(server: Server): Promise<void> {
  await server.execute("bowerbird.reindex"); // its progress is in the status bar
}
