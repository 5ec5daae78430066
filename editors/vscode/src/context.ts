// Facts that package.json's conditions can ask for: the walkthrough's steps are done by them.

import * as vscode from "vscode";

type Fact = "running" | "suggested";

export function setContext(fact: Fact, value: boolean): void {
  void vscode.commands.executeCommand("setContext", `bowerbird.${fact}`, value);
}
