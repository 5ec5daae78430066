// A quick suggestion gives way to a better one, unless the user goes on meanwhile.

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Better } from "./protocol";

/** Ask again where the server has a better suggestion by now, if the cursor has stayed there. */
export function askAgain(client: LanguageClient, place: Better): void {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  const { document, selection } = editor;
  const uri = client.code2ProtocolConverter.asUri(document.uri);
  const position = client.protocol2CodeConverter.asPosition(place.position);
  const stays = selection.isEmpty && selection.active.isEqual(position);
  const shows = vscode.workspace.getConfiguration("editor", document).get("inlineSuggest.enabled");
  if (stays && shows && uri === place.textDocument.uri) {
    void vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
  }
}
