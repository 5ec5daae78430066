// The statistics as a page of Markdown. Pure.

import type { FullStatus } from "./protocol";
import { megabytes, milliseconds } from "./values";

/** A page that says what is indexed and what became of suggestions. */
export function report(status: FullStatus): string {
  const { requests, shown, accepted, medianLatencyMs } = status.suggestions;
  const share = shown ? ` (${Math.round((100 * accepted) / shown)} %)` : "";
  const latency = medianLatencyMs === null ? "none yet" : milliseconds(medianLatencyMs);
  return [
    "# Bowerbird's statistics",
    "They are kept on this machine and sent nowhere. They hold numbers, never code.",
    "## Suggestions",
    table(
      ["", ""],
      [
        ["Model", status.model],
        ["Asked for", count(requests)],
        ["Shown", count(shown)],
        ["Accepted", `${count(accepted)}${share}`],
        ["Median time of an answer", latency],
      ],
    ),
    "## Index",
    ...(status.folders.length ? status.folders.map(folder) : ["No folder is open."]),
  ].join("\n\n");
}

function folder(each: FullStatus["folders"][number]): string {
  const languages = Object.entries(each.languages).map(([name, files]) => [name, count(files)]);
  const sizes = `${count(each.snippets)} snippets, ${megabytes(each.bytesOnDisk)} on disk`;
  return [
    `### ${each.root}`,
    `${count(each.files)} files, ${sizes}; ${count(each.skipped)} files were left out.`,
    table(["language", "files"], languages),
  ].join("\n\n");
}

function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function count(number: number): string {
  return number.toLocaleString("en");
}
