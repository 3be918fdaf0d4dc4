// The world of every test: the built program on a free port, its vault in a folder of its own, and a browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

const BINARY = process.env.KEEPWELL_BIN;
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// A test file is a process of its own: what it opened is closed at its end, the last first.
const ends = [];
after(async () => {
  for (const end of ends.reverse()) await end();
});

/** A folder that is gone when the test file is. */
export async function folder() {
  const dir = await mkdtemp(join(tmpdir(), "keepwell-browser-"));
  ends.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts `keepwell ARGS` and waits until it has printed what `ready` asks for; it ends with the test file. */
async function program(args, ready, home) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KEEPWELL_")));
  const child = spawn(BINARY, [...args, "--listen", "127.0.0.1:0"], { env: { ...env, HOME: home, TMPDIR: home }, stdio: ["ignore", "ignore", "pipe"] });
  const gone = once(child, "exit");
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGINT");
    await gone;
  };
  ends.push(stop);
  let said = "";
  const printed = new Promise((resolve, reject) => {
    child.stderr.on("data", (bytes) => {
      said += bytes;
      const found = said.match(ready);
      if (found) resolve(found.groups);
    });
    child.on("exit", (status) => reject(new Error(`keepwell ${args[0]} ended with ${status}:\n${said}`)));
  });
  return { ...(await printed), stop, said: () => said };
}

/** `keepwell serve` on a vault that does not exist yet: {origin, welcome}. */
export async function serve(...more) {
  const home = await folder();
  return program(["serve", "--vault", join(home, "vault"), ...more], /(?<origin>http:\/\/\S+?)(?<welcome>\/welcome\S+)\s/, home);
}

/** `keepwell demo`: {origin, name, passphrase}. */
export async function demo(...more) {
  const home = await folder();
  return program(["demo", ...more], /(?<origin>http:\/\/\S+?)\/\n\s+name:\s+(?<name>.+)\n\s+passphrase: (?<passphrase>.+)\n/, home);
}

/** `keepwell serve` on a vault of [`OWNER`] that holds files of whomever: {origin}. */
export async function filled(files) {
  const home = await folder();
  const vault = join(home, "vault");
  const secret = join(home, "passphrase");
  await writeFile(secret, OWNER.passphrase);
  const who = ["--vault", vault, "--member", OWNER.name, "--passphrase-file", secret];
  const run = async (args, allowed) => {
    const child = spawn(BINARY, args, { env: { PATH: process.env.PATH, HOME: home, TMPDIR: home }, stdio: "ignore" });
    const [status] = await once(child, "exit");
    if (!allowed.includes(status)) throw new Error(`keepwell ${args[0]} ended with ${status}`);
  };
  await run(["init", ...who, "--person", OWNER.person, "--birth-date", OWNER.birth, "--sex", OWNER.sex], [0]);
  // 3: some entries of real files are left out, and listed.
  await run(["import", ...who, "--accept-identity", ...files], [0, 3]);
  return program(["serve", "--vault", vault], /(?<origin>http:\/\/[^\s/]+)/, home);
}

/** The browser of a test file. */
export async function browser() {
  const chrome = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  ends.push(() => chrome.close());
  return chrome;
}

/**
 * A visitor with an own cookie jar. `complaints` gathers what no page may ever cause: errors on the console, refused by the
 * content security policy, anything asked of another host. `expected` names what a test provokes on purpose.
 */
export async function visitor(chrome, origin, options = {}) {
  const context = await chrome.newContext({ baseURL: origin, viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(15_000);
  const complaints = [];
  const expected = [];
  const complain = (words) => { if (!expected.some((e) => e.test(words))) complaints.push(words); };
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`refused by the policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  context.on("console", (m) => { if (m.type() === "error") complain(`console: ${m.text()} at ${m.location().url}`); });
  context.on("weberror", (e) => complain(`error: ${e.error()}`));
  context.on("request", (r) => { if (!r.url().startsWith(`${origin}/`) && !/^(data|blob|about):/.test(r.url())) complain(`another host: ${r.url()}`); });
  const page = await context.newPage();
  return { context, page, complaints, expected };
}

/**
 * Does what leads to another page, and waits until that page has loaded. A wait for its address is not enough: where one is
 * there already, or the address stands in a query, it ends at once, and the next step meets a page that is still on its way.
 */
export async function leads(page, pathname, act) {
  const there = () => {
    const here = new URL(page.url()).pathname;
    return pathname instanceof RegExp ? pathname.test(here) : here === pathname;
  };
  await page.waitForLoadState("load");
  await Promise.all([page.waitForEvent("load", { predicate: there }), act()]);
}

/** Signs in through the page and opens a chart where there are several; gives the path of its home. */
export async function signIn(page, { name, passphrase, person = "Ruth Carver" }) {
  await page.goto("/sign-in");
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/charts/);
  if (page.url().endsWith("/charts")) await page.getByRole("link", { name: person }).click();
  await page.waitForURL("**/charts/**");
  return new URL(page.url()).pathname;
}

/** The household of the first-run and import tests. */
export const OWNER = { name: "Ruth", passphrase: "three herons by the mill", person: "Ruth Carver", birth: "1954-03-14", sex: "female" };

/** Sets a new server up through its pages; gives the home's path. */
export async function setUp(page, server, owner = OWNER) {
  await page.goto(server.welcome);
  await page.getByLabel("Your name").fill(owner.name);
  await page.getByLabel("Passphrase", { exact: true }).fill(owner.passphrase);
  await page.getByLabel("Full name").fill(owner.person);
  await page.getByLabel("Birth date").fill(owner.birth);
  await page.getByLabel("Sex").selectOption(owner.sex);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.waitForURL("**/welcome/recovery-key");
  await page.getByRole("button", { name: "I have it on paper" }).click();
  await page.waitForURL("**/charts/**");
  return new URL(page.url()).pathname;
}
