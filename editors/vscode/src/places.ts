// A list of places in the code that shows each one in the editor as it is gone through.

import * as vscode from "vscode";

export interface Place extends vscode.QuickPickItem {
  uri: vscode.Uri;
  range: vscode.Range;
}

/** A list that previews its active place, opens the accepted one, and else goes back. */
export function placePicker(title: string): vscode.QuickPick<Place> {
  const origin = vscode.window.activeTextEditor;
  const selection = origin?.selection;
  const picker = vscode.window.createQuickPick<Place>();
  picker.title = title;
  let accepted = false;
  let preview: Promise<void> | undefined;
  picker.onDidChangeActive(([place]) => {
    if (place) preview = show(place, true);
  });
  picker.onDidAccept(async () => {
    const [place] = picker.selectedItems;
    if (!place) return;
    accepted = true;
    picker.hide();
    await show(place, false);
  });
  picker.onDidHide(async () => {
    picker.dispose();
    await Promise.allSettled([preview]); // else it would come last, over where the user was
    if (!accepted && origin && selection) {
      await vscode.window.showTextDocument(origin.document, {
        selection,
        ...(origin.viewColumn && { viewColumn: origin.viewColumn }),
      });
    }
  });
  return picker;
}

async function show(place: Place, preview: boolean): Promise<void> {
  await vscode.window.showTextDocument(place.uri, {
    selection: place.range,
    preserveFocus: preview,
    preview,
  });
}
