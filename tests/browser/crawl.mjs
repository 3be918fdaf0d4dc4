// Walks every page that links lead to, breadth first, and keeps the kinds of pages apart.

/** `/charts/ab12/results/17?after=3` and `/charts/cd34/results/4?after=9` are pages of one kind. */
export function kind(path) {
  const url = new URL(path, "http://local");
  const parts = url.pathname.split("/").map((part, i, all) => (all[i - 1] === "charts" || (i > 3 && /\d/.test(part)) ? "*" : part));
  return parts.join("/") + (url.search ? `?${[...url.searchParams.keys()].join("&")}` : "");
}

/** The addresses on this server that the page leads to: {pages, files}. */
export async function links(page, origin) {
  const all = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((a) => ({ href: new URL(a.getAttribute("href"), document.baseURI).href.split("#")[0], file: a.hasAttribute("download") })));
  const own = all.filter((a) => a.href.startsWith(`${origin}/`)).map((a) => ({ ...a, path: a.href.slice(origin.length) }));
  const unique = (list) => [...new Set(list.map((a) => a.path))];
  return { pages: unique(own.filter((a) => !a.file)), files: unique(own.filter((a) => a.file)) };
}

/**
 * Visits pages from `starts` on. From each kind of page to each kind of page `each` links are followed, `most` pages in all.
 * `visit(page, path)` may return {files} for what is no page, or nothing.
 */
export async function crawl({ context, origin, starts, each, most, within, visit, hands = 2 }) {
  const waiting = [...starts];
  const known = new Set(starts);
  const followed = new Map();
  const files = new Set();
  let visited = 0;
  let busy = 0;
  const take = async (page) => {
    for (;;) {
      if (visited >= most) return;
      const path = waiting.shift();
      if (!path) {
        if (busy === 0) return;
        await new Promise(setImmediate);
        continue;
      }
      visited += 1;
      busy += 1;
      try {
        const here = await visit(page, path);
        here.files.forEach((f) => files.add(f));
        for (const next of here.pages.filter((p) => within(p) && !known.has(p))) {
          const way = `${kind(path)} ${kind(next)}`;
          const times = followed.get(way) ?? 0;
          if (times >= each) continue;
          followed.set(way, times + 1);
          known.add(next);
          waiting.push(next);
        }
      } finally {
        busy -= 1;
      }
    }
  };
  const pages = await Promise.all(Array.from({ length: hands }, () => context.newPage()));
  await Promise.all(pages.map(take));
  return { visited, files: [...files], left: waiting.length };
}
