// The server's life: found or installed, started, restarted, stopped; and the questions to it.

import type * as vscode from "vscode";
import { ExecuteCommandRequest, type LanguageClient, State } from "vscode-languageclient/node";
import { makeClient } from "./client";
import { setContext } from "./context";
import { findServer, installServer, mayInstall, type Program } from "./install";
import type { Suggestion } from "./protocol";
import type { StatusItem } from "./status";

export class Server {
  /** The last suggestion, whose sources can be shown. */
  suggestion: Suggestion | undefined;
  /** What the server runs from, and so the command line; undefined when there is none. */
  program: Program | undefined;
  private client: LanguageClient | undefined;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly status: StatusItem,
  ) {}

  /** Start the server that is there, or offer to install it. */
  async start(): Promise<void> {
    await this.restart();
    // Not in turn: the question may stay open, and the commands must work meanwhile.
    if (!this.program && (await mayInstall(this.context)) && !this.program) await this.install();
  }

  /** Stop and start again. */
  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stop();
      await this.run(await findServer(this.context, this.log));
    });
  }

  /** Install the server into the extension's own environment, and start it. */
  install(): Promise<void> {
    return this.inTurn(async () => {
      await this.stop(); // some systems do not replace files that are in use
      this.status.update({ phase: "starting" });
      const installed = await installServer(this.context, this.log);
      await this.run(installed ?? (await findServer(this.context, this.log)));
    });
  }

  /** The result of one of the server's commands. Rejects when no server runs. */
  execute<T>(command: string): Promise<T> {
    return this.ask<T>(ExecuteCommandRequest.method, { command, arguments: [] });
  }

  /** The answer to a request. Rejects when no server runs. */
  async ask<T>(method: string, params: unknown): Promise<T> {
    if (this.client?.state !== State.Running) {
      throw new Error("The server does not run: see the log, or restart it.");
    }
    return this.client.sendRequest<T>(method, params);
  }

  /** End the server; it is given time to close its index. */
  async stop(): Promise<void> {
    const client = this.client;
    this.client = this.suggestion = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.log.warn(`The server did not stop as asked: ${error}`);
    }
  }

  private async run(program: Program | undefined): Promise<void> {
    this.program = program;
    if (!program) return this.status.update({ phase: "missing" });
    this.log.info(`The server is ${program.command}.`);
    const executable = { command: program.command, args: ["serve"], options: { env: program.env } };
    this.client = makeClient(executable, this.log, this.status, (suggestion) => {
      this.suggestion = suggestion;
      setContext("suggested", true);
    });
    await this.client.start();
  }

  /** Does one thing after the other, however fast they are asked for. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work).catch((error) => {
      this.log.error(`The server does not run: ${error}`);
      this.status.update({ phase: "stopped" });
    });
    return this.turn;
  }
}
