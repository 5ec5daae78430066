// The item in the status bar.

import * as vscode from "vscode";
import type {
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { setting, suggestsIn } from "./settings";
import { label, tooltip, type View } from "./view";

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    "bowerbird.status",
    vscode.StatusBarAlignment.Right,
    100,
  );
  private readonly listeners: vscode.Disposable;
  private view: View = { phase: "starting", enabled: true };

  constructor() {
    this.item.name = "Bowerbird";
    this.listeners = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(() => this.show()),
      vscode.workspace.onDidChangeConfiguration(() => this.show()),
    );
    this.show();
    this.item.show();
  }

  /** Take over what is new. */
  update(news: Partial<View>): void {
    this.view = { ...this.view, ...news };
    this.show();
  }

  /** Take over how far some work has come. */
  report(params: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd): void {
    if (params.kind === "end") {
      this.update({ progress: undefined });
      return;
    }
    const title = params.kind === "begin" ? params.title : (this.view.progress?.title ?? "");
    this.update({ progress: { title, percentage: params.percentage } });
  }

  dispose(): void {
    this.item.dispose();
    this.listeners.dispose();
  }

  private show(): void {
    const language = vscode.window.activeTextEditor?.document.languageId;
    const enabled = setting<boolean>("completion.enabled");
    const languageOff = language && enabled && !suggestsIn(language) ? language : undefined;
    const view = { ...this.view, enabled, languageOff };
    this.item.text = label(view);
    this.item.tooltip = new vscode.MarkdownString(tooltip(view));
    this.item.command = view.phase === "missing" ? "bowerbird.installServer" : "bowerbird.menu";
  }
}
