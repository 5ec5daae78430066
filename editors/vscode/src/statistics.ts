// The statistics as a page that cannot be edited and leaves no file behind.

import * as vscode from "vscode";
import type { FullStatus } from "./protocol";
import { report } from "./report";
import type { Server } from "./server";

const SCHEME = "bowerbird-statistics";

/** Have VS Code make the page whenever it opens the address of one. */
export function registerStatistics(server: Server): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: async () =>
      report(await server.execute<FullStatus>("bowerbird.status")),
  });
}

/** Show what is indexed and what became of suggestions, as of now. */
export async function showStatistics(): Promise<void> {
  // A new address each time, since VS Code keeps what it has read.
  const uri = vscode.Uri.from({ scheme: SCHEME, path: "Statistics.md", query: `${Date.now()}` });
  await vscode.commands.executeCommand("markdown.showPreview", uri);
}
