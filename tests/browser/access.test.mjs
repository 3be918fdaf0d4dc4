// Other ways to use a page: the keyboard alone, large words, few pixels, forced colours, no movement.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { sideways } from "./judge.mjs";
import { browser, demo, signIn, visitor } from "./world.mjs";

describe("every way to read", () => {
  let server, chrome, me, home, state;

  before(async () => {
    server = await demo();
    chrome = await browser();
    me = await visitor(chrome, server.origin);
    home = await signIn(me.page, server);
    state = await me.context.storageState();
  });

  const again = (options) => visitor(chrome, server.origin, { storageState: state, ...options });
  const focused = (page) => page.evaluate(() => {
    const e = document.activeElement;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    // A point of a trend draws its ring around the dot.
    const hit = e.querySelector(".hit");
    const drawn = hit && parseFloat(getComputedStyle(hit).strokeWidth) >= 2 && getComputedStyle(hit).stroke !== "none";
    return {
      name: (e.getAttribute("aria-label") ?? e.textContent ?? "").trim().replace(/\s+/g, " "), tag: e.localName, id: e.id, href: e.getAttribute("href") ?? "",
      inDrawing: e instanceof SVGElement,
      ring: drawn || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none",
      seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
  });

  /** Presses Tab until `wanted` has the focus; every stop shows a ring and is in sight. */
  const tabTo = async (page, wanted, most = 80) => {
    const stops = [];
    for (let i = 0; i < most; i += 1) {
      await page.keyboard.press("Tab");
      const here = await focused(page);
      stops.push(here);
      assert.ok(here.ring, `no ring around ${here.tag} "${here.name}"`);
      assert.ok(here.seen, `out of sight: ${here.tag} "${here.name}"`);
      if (wanted(here)) return stops;
    }
    assert.fail(`never reached, after ${stops.map((s) => s.name).join(" | ")}`);
  };

  test("keyboard: the skip link comes first, and the three tasks come right after it", async () => {
    const { page } = await again();
    await page.goto(home);
    const [first] = await tabTo(page, () => true);
    assert.equal(first.name, "Skip to the page");
    await page.keyboard.press("Enter");
    assert.equal((await focused(page)).id, "main");
    const stops = await tabTo(page, (e) => e.href.endsWith("/add"));
    const tasks = stops.map((s) => s.href.slice(home.length)).filter((h) => ["/results", "/share", "/add"].includes(h));
    assert.deepEqual(tasks, ["/results", "/share", "/add"]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Add records" }).waitFor();
  });

  test("keyboard: a search from the band to a record", async () => {
    const { page } = await again();
    await page.goto(home);
    await tabTo(page, (e) => e.href.endsWith("/search"));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Search" }).waitFor();
    await page.keyboard.type("metformin");
    await page.locator("#hits mark").first().waitFor();
    await tabTo(page, (e) => /\/(records|medicines)\/?/.test(e.href) && /metformin/i.test(e.name));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /metformin/i }).waitFor();
  });

  test("keyboard: another person's chart", async () => {
    const { page } = await again();
    await page.goto(home);
    await tabTo(page, (e) => e.tag === "summary");
    await page.keyboard.press("Enter");
    await tabTo(page, (e) => /Milo Carver/.test(e.name));
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== home);
    assert.match(await page.locator(".band-name").textContent(), /Milo Carver/);
  });

  test("keyboard: the points of a trend are stops with words", async () => {
    const { page } = await again();
    await page.goto(`${home}/results`);
    await page.getByRole("link", { name: "Hemoglobin A1c" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Hemoglobin A1c" }).waitFor();
    const n = await page.locator("main svg a").count();
    assert.ok(n > 3, `${n} points`);
    await tabTo(page, (e) => e.inDrawing);
    const points = [await focused(page)];
    while (points.length < n) {
      await page.keyboard.press("Tab");
      points.push(await focused(page));
    }
    for (const point of points) {
      assert.ok(point.inDrawing && point.ring && point.seen, `no ring around the point "${point.name}"`);
      assert.match(point.name, /\d+ \w+ 20\d\d: \d.* %, (above|below|in) its range/);
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(/#r-\d+$/);
  });

  const pages = ["", "/results", "/medicines", "/timeline", "/documents", "/search", "/add", "/export", "/sources", "/kinds"];

  test("400 percent zoom: 320 by 225 pixels, nothing sideways, the band scrolls away", async () => {
    const { page, complaints } = await again({ viewport: { width: 320, height: 225 }, deviceScaleFactor: 4 });
    for (const path of pages) {
      await page.goto(home + path);
      assert.equal(await sideways(page), "", path);
      await page.evaluate(() => scrollTo(0, 600));
      const stuck = await page.evaluate(() => [".band", ".bar"].filter((s) => {
        const e = document.querySelector(s);
        return e && ["sticky", "fixed"].includes(getComputedStyle(e).position);
      }));
      assert.deepEqual(stuck, [], `${path}: nothing may cover so small a window`);
    }
    assert.deepEqual(complaints, []);
  });

  test("words twice as large, and the text spacing of WCAG 1.4.12", async () => {
    const { page } = await again({ viewport: { width: 390, height: 844 } });
    const session = await page.context().newCDPSession(page);
    await session.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
    for (const path of pages) {
      await page.goto(home + path);
      assert.equal(await page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize)), 32);
      assert.equal(await sideways(page), "", path);
    }
    await session.send("Page.setFontSizes", { fontSizes: { standard: 16, fixed: 13 } });
    await page.setViewportSize({ width: 320, height: 844 });
    for (const path of pages) {
      await page.goto(home + path);
      await page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
        document.adoptedStyleSheets.push(sheet);
      });
      assert.equal(await sideways(page), "", `${path} with wide spacing`);
    }
  });

  test("forced colours: shapes and words still say what colours said", async () => {
    const { page, complaints } = await again();
    await page.emulateMedia({ forcedColors: "active" });
    await page.goto(`${home}/results`);
    const unlike = await page.locator(".pill:visible").evaluateAll((all) => all.filter((e) => {
      const style = getComputedStyle(e);
      return !e.textContent.trim() || style.color === style.backgroundColor || style.borderTopStyle === "none";
    }).map((e) => e.outerHTML.slice(0, 100)));
    assert.deepEqual(unlike, [], "a state has words and an edge");
    // The block in which the value lies differs from its neighbours by more than its colour's name.
    await page.getByRole("link", { name: "Hemoglobin A1c" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Hemoglobin A1c" }).waitFor();
    const faint = await page.locator("main svg :is(path, line, polyline, rect, circle)").evaluateAll((all) => all.filter((e) => {
      const { fill, stroke, display } = getComputedStyle(e);
      return display !== "none" && fill === "rgb(255, 255, 255)" && (stroke === "none" || stroke === "rgb(255, 255, 255)") && e.getBoundingClientRect().width > 0;
    }).length);
    const drawn = await page.locator("main svg :is(path, line, polyline, rect, circle)").count();
    assert.ok(drawn > faint, `${faint} of ${drawn} marks cannot be seen`);
    assert.deepEqual(complaints, []);
  });

  test("who wants no movement gets none", async () => {
    const { page } = await again({ reducedMotion: "reduce" });
    for (const path of ["", "/results", "/search"]) {
      await page.goto(home + path);
      const moving = await page.locator("*").evaluateAll((all) => all.filter((e) => {
        const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(e);
        return parseFloat(transitionDuration) > 0 || animationName !== "none" || scrollBehavior === "smooth";
      }).map((e) => e.localName));
      assert.deepEqual(moving, []);
    }
  });
});
