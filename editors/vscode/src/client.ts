// The language client: what VS Code asks the server, and what it makes of the answers.

import type * as vscode from "vscode";
import {
  type Executable,
  LanguageClient,
  type Middleware,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import { askAgain } from "./better";
import { setContext } from "./context";
import type { Better, Status, Suggestion } from "./protocol";
import { suggestsIn } from "./settings";
import type { StatusItem } from "./status";
import { forServer } from "./values";

/** A client that is not started yet; `suggested` is called with every suggestion it brings. */
export function makeClient(
  server: Executable,
  log: vscode.LogOutputChannel,
  status: StatusItem,
  suggested: (suggestion: Suggestion) => void,
): LanguageClient {
  const client = new LanguageClient("bowerbird", "Bowerbird", server, {
    documentSelector: [
      { scheme: "file" },
      { scheme: "untitled" },
      { scheme: "vscode-notebook-cell" },
    ],
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    middleware: middleware(status, suggested),
  });
  client.onNotification("bowerbird/status", (news: Status) => status.update({ server: news }));
  client.onNotification("bowerbird/better", (place: Better) => askAgain(client, place));
  client.onDidChangeState(({ newState }) => {
    const running = newState === State.Running;
    const phase = newState === State.Starting ? "starting" : running ? "running" : "stopped";
    status.update({ phase, progress: undefined });
    setContext("running", running);
  });
  return client;
}

function middleware(status: StatusItem, suggested: (suggestion: Suggestion) => void): Middleware {
  return {
    async provideInlineCompletionItems(document, position, context, token, next) {
      if (!suggestsIn(document.languageId)) return [];
      const answer = await next(document, position, context, token);
      const [item] = Array.isArray(answer) ? answer : (answer?.items ?? []);
      const details: Suggestion | undefined = item?.command?.arguments?.[1];
      if (details) suggested(details);
      return answer;
    },
    // Shown in our own status item, and nowhere else.
    handleWorkDoneProgress: (_token, params) => status.report(params),
    workspace: {
      async configuration(params, token, next) {
        const answer = await next(params, token);
        return Array.isArray(answer) ? answer.map(forServer) : answer;
      },
    },
  };
}
