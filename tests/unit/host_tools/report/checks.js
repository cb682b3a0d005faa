// Runs in a page; returns what is wrong for readers of any kind, as a list of sentences.
const wrong = [];
const all = (selector) => [...document.querySelectorAll(selector)];
const name = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim();
const say = (text, e) => wrong.push(text + ": " + e.outerHTML.slice(0, 120));

if (!document.documentElement.lang) wrong.push("the page names no language");
if (!document.title) wrong.push("the page has no title");
for (const tag of ["h1", "main", "header"])
  if (all(tag).length !== 1) wrong.push("not exactly one " + tag);
let level = 0;
for (const e of all("h1, h2, h3, h4")) {
  const next = Number(e.tagName[1]);
  if (next > level + 1) say("a heading skips a level", e);
  level = next;
}
const ids = all("[id]").map((e) => e.id);
if (new Set(ids).size !== ids.length) wrong.push("an id stands twice");
for (const e of all("a[href^='#']"))
  if (!document.getElementById(e.getAttribute("href").slice(1))) say("a link leads nowhere", e);
for (const e of all("a, summary, [tabindex='0']")) if (!name(e)) say("no name", e);
for (const e of all("svg, img"))
  if (e.getAttribute("aria-hidden") !== "true" && !(e.getAttribute("aria-label") || e.alt))
    say("a picture without words", e);
for (const e of all("table")) {
  if (!e.caption || !e.caption.textContent.trim()) say("a table without a caption", e);
  if (e.querySelectorAll("tbody th[scope=row]").length !== e.tBodies[0].rows.length)
    say("a row without a header", e);
  for (const cell of e.tHead.rows[0].cells)
    if (cell.scope !== "col" || !cell.textContent.trim()) say("a column without a header", cell);
}
for (const e of all("*"))
  if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto" &&
      e.tabIndex !== 0)
    say("scrolls by mouse only", e);

// Contrast of every visible text with what lies behind it (WCAG 2.2, 1.4.3).
const parse = (text) => {
  const v = text.match(/[\d.e-]+/g).map(Number);
  const scale = text.startsWith("color(") ? 255 : 1;
  return [v[0] * scale, v[1] * scale, v[2] * scale, v.length > 3 ? v[3] : 1];
};
const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));
const behind = (e) => {
  if (!e) return [255, 255, 255];
  const colour = parse(getComputedStyle(e).backgroundColor);
  return colour[3] >= 1 ? colour : over(colour, behind(e.parentElement));
};
const light = (c) => {
  const [r, g, b] = c.map((v) => v / 255).map((v) =>
    v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const seen = new Set();
for (const e of all("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || e.closest(".unseen, svg, style, script")) continue;
  const style = getComputedStyle(e);
  const back = behind(e);
  const a = light(parse(style.color)), b = light(back);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const key = style.color + back;
  if (ratio < 4.5 && !seen.has(key)) {
    seen.add(key);
    say("contrast " + ratio.toFixed(2) + " of " + style.color + " on " + back, e);
  }
}
return wrong;
