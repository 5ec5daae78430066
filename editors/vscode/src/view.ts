// What the status bar says, made from what is known. Pure.

import type { Status } from "./protocol";
import { milliseconds } from "./values";

export interface View {
  /** Of the server: not installed, between two states, serving, or not. */
  phase: "missing" | "starting" | "running" | "stopped";
  server?: Status | undefined;
  /** Work under way, such as indexing; its percentage is undefined when nobody knows. */
  progress?: { title: string; percentage: number | undefined } | undefined;
  enabled: boolean;
  /** The language of the editor in front, if nothing is suggested in it. */
  languageOff?: string | undefined;
}

/** The text of the status bar's item; `$(name)` is an icon. */
export function label(view: View): string {
  const { phase, server, progress } = view;
  if (phase === "missing") return "$(cloud-download) Bowerbird: install";
  if (phase === "starting") return "$(loading~spin) Bowerbird";
  if (phase === "stopped") return "$(error) Bowerbird: stopped";
  if (progress) {
    const share = progress.percentage === undefined ? "" : ` ${progress.percentage}%`;
    return `$(loading~spin) ${progress.title}${share}`;
  }
  if (!view.enabled || view.languageOff) return "$(circle-slash) Bowerbird: off";
  if (server?.state === "loading") return "$(loading~spin) Bowerbird: loading the model";
  const model = server?.model === "index" ? "index only" : server?.model;
  return ["$(check) Bowerbird", model, latency(server)].filter(Boolean).join(" · ");
}

/** What is shown when the mouse is over it, in Markdown. */
export function tooltip(view: View): string {
  const { phase, server } = view;
  if (phase === "missing") return "The server is not installed. Click to install it.";
  if (phase === "starting") return "The server is on its way.";
  if (phase === "stopped" || !server)
    return "The server does not run. Click to restart it or to see the log.";
  const model =
    server.model === "index"
      ? "No model is in use: suggestions come from the index alone."
      : `Model: \`${server.model}\``;
  return [
    model,
    `Indexed: ${server.indexedFiles.toLocaleString("en")} files`,
    `Last suggestion: ${latency(server) ?? "none yet"}`,
    `Suggestions: ${switches(view)}`,
  ].join("  \n");
}

function latency(server: Status | undefined): string | undefined {
  const time = server?.lastLatencyMs;
  return time == null ? undefined : milliseconds(time);
}

function switches(view: View): string {
  if (!view.enabled) return "off";
  return view.languageOff ? `off in ${view.languageOff}` : "on";
}
