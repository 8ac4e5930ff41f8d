// As much of Playwright's page as the tests of all engines need, over WebDriver.
import { setTimeout as sleep } from 'node:timers/promises';
import { By } from 'selenium-webdriver';

/** How long something may take, and how often one looks, in milliseconds. */
const PATIENCE = 15_000;
const PAUSE = 50;

/** Calls `look` until it gives something. */
async function until(what, look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE} ms`);
    await sleep(PAUSE);
  }
}

/** The windows of one browser, one at a time. */
export class WebDriverContext {
  #driver;
  #turn = Promise.resolve();
  #known = new Set();

  constructor(driver) {
    this.#driver = driver;
  }

  /** The window that the browser begins with. */
  async firstPage() {
    return this.#page(await this.#driver.getWindowHandle());
  }

  async newPage() {
    const handle = await this.#alone(async () => {
      await this.#driver.switchTo().newWindow('tab');
      return this.#driver.getWindowHandle();
    });
    return this.#page(handle);
  }

  /** A window that a page has opened. */
  async opened() {
    const find = async () => (await this.handles()).find((handle) => !this.#known.has(handle));
    return this.#page(await until('a popup', find));
  }

  handles() {
    return this.#alone(() => this.#driver.getAllWindowHandles());
  }

  /** Does `task` in the window `handle`, when nothing else is done. */
  in(handle, task) {
    return this.#alone(async () => {
      await this.#driver.switchTo().window(handle);
      return task(this.#driver);
    });
  }

  #alone(task) {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }

  #page(handle) {
    this.#known.add(handle);
    return new WebDriverPage(this, handle);
  }
}

class WebDriverPage {
  #context;
  #handle;
  #url = 'about:blank';

  constructor(context, handle) {
    this.#context = context;
    this.#handle = handle;
  }

  context() {
    return this.#context;
  }

  /** Does `task` in this window. Where it has shown is noted, for `url()`. */
  async #in(task) {
    return this.#context.in(this.#handle, async (driver) => {
      const result = await task(driver);
      this.#url = await driver.getCurrentUrl().catch(() => this.#url);
      return result;
    });
  }

  goto(url) {
    return this.#in((driver) => driver.get(url));
  }

  reload() {
    return this.#in((driver) => driver.navigate().refresh());
  }

  goBack() {
    return this.#in((driver) => driver.navigate().back());
  }

  close() {
    return this.#context.in(this.#handle, (driver) => driver.close());
  }

  async isClosed() {
    return !(await this.#context.handles()).includes(this.#handle);
  }

  url() {
    return this.#url;
  }

  /** What `run`, a function or an expression, gives or promises in the page; `argument` and result as JSON. */
  async evaluate(run, argument) {
    const call = typeof run === 'function' ? `(${run})(argument)` : run;
    const script = `const [json, done] = arguments;
      const argument = json && JSON.parse(json);
      const say = (error) => done({ error: [error.name, error.code, error.message].filter(Boolean).join(': ') });
      new Promise((resolve) => resolve(${call})).then((value) => done({ value: JSON.stringify(value) }), say);`;
    const { value, error } = await this.#in((driver) => driver.executeAsyncScript(script, JSON.stringify(argument)));
    if (error) throw new Error(error);
    return value === undefined || value === null ? undefined : JSON.parse(value);
  }

  waitForURL(fits) {
    return until('the URL', () =>
      this.#in(async (driver) => {
        if (!fits(new URL(await driver.getCurrentUrl()))) return false;
        return (await driver.executeScript('return document.readyState')) === 'complete';
      }),
    );
  }

  waitForEvent(event) {
    if (event !== 'popup') throw new Error(`WebDriver tells of no ${event}`);
    return this.#context.opened();
  }

  locator(css) {
    return this.#located(css, By.css(css));
  }

  getByRole(role, { name }) {
    return this.#located(`${role} ${name}`, By.xpath(`//${role}[normalize-space() = '${name}']`));
  }

  #located(what, by) {
    const find = () => until(what, () => this.#in(async (driver) => (await driver.findElements(by))[0]));
    const use = async (task) => {
      const element = await find();
      return this.#in(() => task(element));
    };
    return {
      waitFor: find,
      click: () => use((element) => element.click()),
      fill: (text) =>
        use(async (element) => {
          await element.clear();
          await element.sendKeys(text);
        }),
    };
  }
}
