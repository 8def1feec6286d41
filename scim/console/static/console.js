// What every page does: theme, stage, copy, keys, the palette, forms that ask first.

const root = document.documentElement;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

export const csrf = () => $("meta[name=csrf]").content;

/** Tell a person what happened; screen readers hear it, too. */
export function say(text) {
  const place = $("#said");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.classList.remove("shown"), 2500);
}

/** Send a form's values as a POST of these pages; return the answer. */
export function post(url, values = {}) {
  const body = new URLSearchParams(values);
  return fetch(url, { method: "POST", body, headers: { "X-CSRF-Token": csrf() } });
}

function keep(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
  } catch {
    // Storage is off: the choice holds for this page.
  }
}

function switchTheme() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme ?? (isDark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  keep("theme", root.dataset.theme);
}

function switchStage() {
  root.toggleAttribute("data-stage");
  keep("stage", root.hasAttribute("data-stage") ? "on" : "");
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1200);
  say("Copied");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("copy" in button.dataset) copy(button);
  else if ("themeSwitch" in button.dataset) switchTheme();
  else if ("stage" in button.dataset) switchStage();
  else if ("keys" in button.dataset) $("#keys").showModal();
  else if ("palette" in button.dataset) openPalette();
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.asks;
  if (question && !confirm(question)) event.preventDefault();
  const busy = event.target.dataset.busy;
  const button = event.target.querySelector("button:not([type=button])");
  if (busy && button) {
    button.textContent = busy;
    setTimeout(() => (button.disabled = true)); // after the form was sent
  }
});

for (const each of $$("[data-submits]")) {
  each.addEventListener("change", () => each.form.requestSubmit());
}

// Instants are in UTC; people think in the time of their own clock.

/** The day of a Date by the clock of this machine: 2026-11-29. */
export const dayOf = (instant) =>
  [instant.getFullYear(), instant.getMonth() + 1, instant.getDate()]
    .map((number) => String(number).padStart(2, "0"))
    .join("-");

export function localise(within = document) {
  for (const each of $$("time.clock", within)) {
    const instant = new Date(each.dateTime);
    if (Number.isNaN(instant.valueOf())) continue;
    const two = (number) => String(number).padStart(2, "0");
    each.title = each.dateTime;
    each.textContent = [instant.getHours(), instant.getMinutes(), instant.getSeconds()].map(two).join(":");
    each.classList.remove("clock");
  }
  for (const each of $$("time.instant", within)) {
    const instant = new Date(each.dateTime);
    if (Number.isNaN(instant.valueOf())) continue;
    each.title = each.dateTime;
    each.textContent = `${dayOf(instant)} ${instant.toTimeString().slice(0, 8)}`;
    each.classList.remove("instant");
  }
}

localise();

// On a telephone the names of the pages go on beside the screen
const current = $(".bar nav [aria-current]");
if (current) current.parentElement.scrollLeft = current.offsetLeft - (innerWidth - current.offsetWidth) / 2;

// Keys

const GO = {
  l: "Live", c: "Conversation", d: "Directory", b: "Lab", e: "Learn", n: "Connect", p: "Problems", o: "Operate",
};
let isGoing = false;

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]");
}

function step(way) {
  const rows = $$("[data-row], .row").filter((row) => row.getClientRects().length);
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + way))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if ($("dialog[open]")) return;
  const key = event.key;
  if (isGoing) {
    isGoing = false;
    const link = $$(".bar nav a").find((each) => each.textContent === GO[key]);
    if (link) location.href = link.href;
  } else if (key === "g") isGoing = true;
  else if (key === "?") $("#keys").showModal();
  else if (key === "s") switchStage();
  else if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "/" && $("[data-filter]")) {
    event.preventDefault();
    $("[data-filter]").focus();
  }
});

// The palette: people, groups, exchanges and pages by a few letters

const palette = $("#palette");
const text = $("#palette-text");
const found = $("#palette-found");
let asked = 0;

function openPalette() {
  if (!palette.open) palette.showModal();
  text.value = "";
  look();
  text.focus();
}

function pagesWith(words) {
  return $$(".bar nav a")
    .filter((link) => link.textContent.toLowerCase().includes(words))
    .map((link) => ({ kind: "page", name: link.textContent, url: link.href }));
}

async function look() {
  const words = text.value.trim().toLowerCase();
  const mine = ++asked;
  let entries = pagesWith(words);
  if (words) {
    const url = new URL("/find", location);
    url.searchParams.set("q", text.value.trim());
    const tenant = new URLSearchParams(location.search).get("tenant");
    if (tenant) url.searchParams.set("tenant", tenant);
    const answer = await fetch(url).catch(() => null);
    if (mine !== asked) return;
    if (answer?.ok) entries = [...entries, ...(await answer.json())];
  }
  if (entries.length) show(entries);
  else showNothing();
}

function show(entries) {
  found.replaceChildren(...entries.slice(0, 20).map(entryOf));
  choose(0);
}

function showNothing() {
  const item = document.createElement("li");
  item.className = "nothing";
  item.textContent = "Nothing found";
  found.replaceChildren(item);
}

function entryOf(entry, number) {
  const item = document.createElement("li");
  item.role = "option";
  item.id = `palette-${number}`;
  const link = document.createElement("a");
  link.href = entry.url;
  link.tabIndex = -1;
  const name = document.createElement("span");
  name.textContent = entry.name;
  const kind = document.createElement("span");
  kind.className = "kind";
  kind.textContent = entry.kind;
  link.append(name, kind);
  item.append(link);
  return item;
}

function choose(number) {
  const items = $$("li", found);
  for (const [at, item] of items.entries()) item.setAttribute("aria-selected", at === number);
  if (items[number]) {
    text.setAttribute("aria-activedescendant", items[number].id);
    items[number].scrollIntoView({ block: "nearest" });
  }
}

text?.addEventListener("input", () => {
  show(pagesWith(text.value.trim().toLowerCase())); // Enter may come before the answer
  clearTimeout(look.timer);
  look.timer = setTimeout(look, 120);
});
text?.addEventListener("keydown", (event) => {
  const items = $$("li", found);
  const at = items.findIndex((item) => item.ariaSelected === "true");
  if (event.key === "ArrowDown") choose(Math.min(items.length - 1, at + 1));
  else if (event.key === "ArrowUp") choose(Math.max(0, at - 1));
  else if (event.key === "Enter") $("a", items[at] ?? found)?.click();
  else if (event.key === "Escape") palette.close(); // a search field would only be emptied
  else return;
  event.preventDefault();
});
palette?.addEventListener("click", (event) => {
  if (event.target === palette) palette.close();
});
