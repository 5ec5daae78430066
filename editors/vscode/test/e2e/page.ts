// What a user does in VS Code, and sees, in few words.

import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const PATIENCE = 60_000; // milliseconds; a busy machine takes its time

export class Workbench {
  readonly page: Page;
  private readonly browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
  }

  /** Open VS Code in a browser. */
  static async open(executablePath: string, url: string): Promise<Workbench> {
    const args = ["--no-sandbox"]; // which does not work for root
    const browser = await chromium.launch({ executablePath, args });
    const page = await browser.newPage({ viewport: { width: 1000, height: 520 } });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(url);
    await page.locator(".statusbar-item").first().waitFor();
    return new Workbench(browser, page);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** Bowerbird's item in the status bar. */
  get status(): Locator {
    return this.page.locator("[id='bowerbird.bowerbird.bowerbird.status']");
  }

  /** Wait until the status bar's item says something. */
  statusSays(text: RegExp, timeout = PATIENCE): Promise<void> {
    return this.status.filter({ hasText: text }).waitFor({ timeout });
  }

  /** What is suggested at the cursor. */
  get ghostText(): Locator {
    return this.page.locator(".ghost-text-decoration");
  }

  /** The rows of the list that is open: commands, files, what was found. */
  rows(text: string | RegExp): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: text });
  }

  /** Run a command by its title. */
  async command(title: string): Promise<void> {
    await this.fillPalette(`>${title}`);
    const label = this.page.getByText(title, { exact: true });
    await this.rows(title).filter({ has: label }).first().click();
  }

  /** Open a file and put the cursor at its end. */
  async open(name: string): Promise<void> {
    await this.fillPalette(name);
    await this.rows(name).first().click();
    await this.page.locator(`.tab.active[data-resource-name='${name}']`).waitFor();
    await this.page.locator(".monaco-editor.focused").waitFor();
    await this.press("Control+End");
  }

  /** Trust the workspace, by the banner that asks. */
  async trust(): Promise<void> {
    await this.page.getByText("Manage", { exact: true }).click();
    await this.page.getByRole("button", { name: "Trust", exact: true }).click();
    await this.page.getByText("You trust this folder").first().waitFor();
    await this.page
      .getByRole("button", { name: /^Close/ })
      .last()
      .click();
    await this.page.getByText("You trust this folder").first().waitFor({ state: "hidden" });
  }

  /** Type as a person does. */
  type(text: string): Promise<void> {
    return this.page.keyboard.type(text, { delay: 40 });
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  private async fillPalette(text: string): Promise<void> {
    // A list that is still closing would take this one with it.
    await this.page.locator(".quick-input-widget").first().waitFor({ state: "hidden" });
    await this.press("F1");
    await this.page.locator(".quick-input-widget input").first().fill(text);
  }
}
