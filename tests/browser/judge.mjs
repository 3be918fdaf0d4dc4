// What every page must be. A finding is a line of words; a good page has none.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const WIDTHS = [1280, 390, 320];

/** Unique ids, one h1, a language, labels that lead somewhere, and no sideways scroll at any width. */
export async function shape(page) {
  const found = await page.evaluate(() => {
    const bad = [];
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
    if (twice.length) bad.push(`ids twice: ${[...new Set(twice)].join(" ")}`);
    const heads = document.querySelectorAll("h1").length;
    if (heads !== 1) bad.push(`${heads} h1`);
    if (!document.documentElement.lang) bad.push("no language");
    if (document.querySelectorAll("main").length !== 1) bad.push("not one main");
    for (const e of document.querySelectorAll("[for],[aria-labelledby],[aria-describedby]")) {
      for (const name of ["for", "aria-labelledby", "aria-describedby"]) {
        for (const id of (e.getAttribute(name) ?? "").split(/\s+/).filter(Boolean)) {
          if (!document.getElementById(id)) bad.push(`${name}="${id}" leads nowhere`);
        }
      }
    }
    for (const a of document.querySelectorAll('a[href^="#"]')) {
      if (!document.getElementById(a.getAttribute("href").slice(1))) bad.push(`${a.getAttribute("href")} leads nowhere`);
    }
    return bad;
  });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await sideways(page);
    if (wide) found.push(`scrolls sideways at ${width}: ${wide}`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  return found;
}

/** What sticks out of the window at the right, or nothing. */
export function sideways(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return "";
    const inScroller = (e) => {
      for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
        if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX)) return true;
      }
      return false;
    };
    const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 0.5 && !inScroller(e));
    const name = (e) => `${e.localName}.${e.getAttribute("class") ?? ""} "${(e.textContent ?? "").trim().slice(0, 40)}"`;
    return out.slice(0, 3).map(name).join("; ") || "something";
  });
}

/** The highest window that Chromium draws. */
const HIGHEST = 15_000;

/** The window as high as the page, if it can be: a stuck bar would cover what lies under it. Gives whether it is. */
async function fullHeight(page, width) {
  await page.setViewportSize({ width, height: 900 });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(Math.max(height, 900), HIGHEST) });
  return height <= HIGHEST;
}

/** axe-core's findings, one line for each rule. `only` names single rules instead of all. */
export async function axe(page, width, only) {
  const whole = await fullHeight(page, width);
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const run = only ? { type: "rule", values: only } : { type: "tag", values: RULES };
  // Where the bar lies over the middle of a page, what it covers for now is no target that is too small.
  const rules = only || whole ? {} : { "target-size": { enabled: false } };
  return page.evaluate(async ([runOnly, rules]) => {
    const { violations } = await window.axe.run(document, { runOnly, rules, iframes: false, resultTypes: ["violations"] });
    return violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} :: ${v.nodes[0].failureSummary.replace(/\s+/g, " ").slice(0, 240)}`);
  }, [run, rules]);
}

/** Findings at both widths, and the colours in light and dark. */
export async function accessible(page) {
  const found = [];
  for (const width of [1280, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // Only colours differ in the dark: the other rules have had their say.
      const bad = await axe(page, width, colorScheme === "dark" ? ["color-contrast", "link-in-text-block"] : undefined);
      found.push(...bad.map((b) => `axe at ${width} ${colorScheme}: ${b}`));
    }
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  await page.setViewportSize({ width: 1280, height: 900 });
  return found;
}
