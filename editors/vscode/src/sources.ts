// The snippets that the last suggestion was built from.

import * as vscode from "vscode";
import { type Place, placePicker } from "./places";
import type { Source } from "./protocol";
import type { Server } from "./server";

/** Show the snippets behind the last suggestion, best first. */
export async function showSources(server: Server): Promise<void> {
  const { suggestion } = server;
  if (!suggestion) throw new Error("Nothing was suggested yet.");
  const places = suggestion.sources.flatMap(asPlaces);
  if (places.length === 0) {
    throw new Error("The last suggestion comes from the open file alone.");
  }
  const author =
    suggestion.model === "index" ? "Taken from" : `Written by ${suggestion.model} from`;
  const sure = Math.round(100 * suggestion.confidence);
  const picker = placePicker(`${author} these, ${sure} % sure`);
  picker.items = places;
  picker.show();
}

/** No place for a snippet whose file is in no open folder any more. */
function asPlaces(source: Source): Place[] {
  if (!source.uri) return [];
  const { startLine, endLine } = source;
  return [
    {
      label: `$(code) ${source.name || source.path}`,
      description: `${source.path}:${startLine + 1}`,
      uri: vscode.Uri.parse(source.uri),
      range: new vscode.Range(startLine, 0, endLine, Number.MAX_SAFE_INTEGER),
    },
  ];
}
