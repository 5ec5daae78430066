// Small pure functions over settings and what the server says; no VS Code in them.

/** Settings of the extension itself, which the server does not know. */
const OURS = new Set(["disabledLanguages", "server", "trace"]);

/** The settings that the server asks for, without those that are not its own. */
export function forServer(settings: unknown): unknown {
  if (typeof settings !== "object" || settings === null) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !OURS.has(name)));
}

/** A list without the item if it had it, else with it; sorted. */
export function withToggled(list: readonly string[], item: string): string[] {
  const rest = list.filter((each) => each !== item);
  return (rest.length < list.length ? rest : [...rest, item]).sort();
}

/** A time for people: "82 ms". */
export function milliseconds(time: number): string {
  return time < 0.5 ? "under 1 ms" : `${Math.round(time)} ms`;
}

/** A size for people: "93 MB". */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
}
