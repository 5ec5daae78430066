// What a user does in VS Code, and sees, in few words.

import { type Browser, chromium, type Locator, type Page } from "playwright-core";

export class Workbench {
  readonly page: Page;
  private readonly browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
  }

  static async open(executablePath: string, url: string): Promise<Workbench> {
    const args = ["--no-sandbox"]; // which root has none of
    const browser = await chromium.launch({ executablePath, args });
    const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.locator(".statusbar-item").first().waitFor();
    return new Workbench(browser, page);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** Bowerbird's item in the status bar. */
  get status(): Locator {
    return this.page.locator(".statusbar-item[id='bowerbird.bowerbird.bowerbird.status']");
  }

  get ghostText(): Locator {
    return this.page.locator(".ghost-text-decoration, .ghost-text");
  }

  /** The rows of the list that is open, of commands for instance. */
  get rows(): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row");
  }

  /** A notification's button. */
  button(name: string): Locator {
    return this.page
      .locator(".notification-toast, .notifications-center")
      .getByRole("button", { name, exact: true });
  }

  /** Run a command by its title in the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").first().fill(`>${title}`);
    await this.rows.filter({ hasText: title }).first().click();
  }

  /** Open a file and put the cursor at its end. */
  async openAtEnd(name: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    await this.page.locator(".quick-input-widget input").first().fill(name);
    await this.rows.filter({ hasText: name }).first().click();
    await this.page.locator(`.tab.active[data-resource-name='${name}']`).waitFor();
    await this.page.locator(".monaco-editor.focused").waitFor();
    await this.page.keyboard.press("Control+End");
  }

  /** Type as a person does. */
  type(text: string): Promise<void> {
    return this.page.keyboard.type(text, { delay: 40 });
  }

  press(...keys: string[]): Promise<void> {
    return keys.reduce(
      (before, key) => before.then(() => this.page.keyboard.press(key)),
      Promise.resolve(),
    );
  }
}
