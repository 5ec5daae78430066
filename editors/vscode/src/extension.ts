// What VS Code calls. The parts are in the other files, one purpose each.

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { Server } from "./server";
import { registerStatistics } from "./statistics";
import { StatusItem } from "./status";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Bowerbird", { log: true });
  const status = new StatusItem();
  server = new Server(context, log, status);
  context.subscriptions.push(log, status, registerStatistics(server));
  context.subscriptions.push(...registerCommands(server, log));
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("bowerbird.server.command")) void server?.restart();
    }),
  );
  void server.start(); // not awaited: it may ask the user something
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
