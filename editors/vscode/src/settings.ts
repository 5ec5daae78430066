// The extension's settings, read and written.

import * as vscode from "vscode";
import { withToggled } from "./values";

const section = () => vscode.workspace.getConfiguration("bowerbird");

/** A setting's value; package.json has its default. */
export function setting<T>(name: string): T {
  return section().get<T>(name) as T;
}

/** Change a setting where it is set already: in the workspace, or else for the user. */
export async function change(name: string, value: unknown): Promise<void> {
  const here = section().inspect(name)?.workspaceValue !== undefined;
  const { Workspace, Global } = vscode.ConfigurationTarget;
  await section().update(name, value, here ? Workspace : Global);
}

/** Whether code is suggested in a language. */
export function suggestsIn(language: string): boolean {
  return setting<boolean>("completion.enabled") && !disabledLanguages().includes(language);
}

export function disabledLanguages(): string[] {
  return setting<string[]>("disabledLanguages");
}

/** Turn suggestions off, or on again. */
export async function toggle(): Promise<void> {
  await change("completion.enabled", !setting<boolean>("completion.enabled"));
}

/** Turn suggestions in a language off, or on again. */
export async function toggleLanguage(language: string): Promise<void> {
  await change("disabledLanguages", withToggled(disabledLanguages(), language));
}
