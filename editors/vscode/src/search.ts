// Search by meaning: words or code in, definitions out, best first.

import * as vscode from "vscode";
import {
  type SymbolKind,
  type WorkspaceSymbol,
  WorkspaceSymbolRequest,
} from "vscode-languageclient/node";
import { type Place, placePicker } from "./places";
import type { Server } from "./server";

const TITLE = "Search Code by Meaning";
const TYPING_PAUSE = 150; // milliseconds after the last key until a search

/** Show a list that follows what the user types. */
export async function search(server: Server): Promise<void> {
  if (!vscode.workspace.workspaceFolders) throw new Error("Open a folder to search in first.");
  const picker = placePicker(TITLE);
  picker.placeholder = "What does the code do? For example: charge a credit card";
  let timer: NodeJS.Timeout | undefined;
  picker.onDidChangeValue((query) => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      picker.busy = true;
      const [places, trouble] = await find(server, query);
      if (picker.value !== query) return; // a newer search is under way
      picker.title = trouble ? `${TITLE}: ${trouble}` : TITLE;
      picker.items = places;
      picker.busy = false;
    }, TYPING_PAUSE);
  });
  picker.onDidHide(() => clearTimeout(timer));
  picker.show();
}

/** What is found, and what went wrong. */
async function find(server: Server, query: string): Promise<[Place[], string?]> {
  try {
    const { method } = WorkspaceSymbolRequest;
    return [(await server.ask<WorkspaceSymbol[]>(method, { query })).map(asPlace)];
  } catch (error) {
    return [[], error instanceof Error ? error.message : String(error)];
  }
}

function asPlace(symbol: WorkspaceSymbol): Place {
  const { uri } = symbol.location;
  const range = "range" in symbol.location ? symbol.location.range : undefined;
  const { line, character } = range?.start ?? { line: 0, character: 0 };
  const end = range?.end ?? { line, character };
  return {
    label: `$(${icon(symbol.kind)}) ${symbol.name}`,
    description: `${symbol.containerName ?? ""}:${line + 1}`,
    alwaysShow: true, // found by what it does, whatever its name
    uri: vscode.Uri.parse(uri),
    range: new vscode.Range(line, character, end.line, end.character),
  };
}

function icon(kind: SymbolKind): string {
  // The protocol counts from one, VS Code from zero.
  const name = vscode.SymbolKind[kind - 1] ?? "misc";
  return `symbol-${name.toLowerCase()}`;
}
