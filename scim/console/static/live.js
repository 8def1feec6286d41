// The live list: rows come in at the top while the list is at its top; otherwise a quiet "12 new".

import { localise } from "./console.js";

const list = document.querySelector("#talks");
const more = document.querySelector("#more");
const pause = document.querySelector("#pause");
const rate = document.querySelector("#rate");
const MOST = 300; // rows on the page
const WATCHED = 5000; // milliseconds over which the rate is taken

let last = Number(list.dataset.last);
let isPaused = false;
let waiting = new Map(); // rows that are not shown yet, by number
let seen = []; // [instant, how many] of the last seconds
let source = null;
let isPolling = false; // once a stream is refused, the page polls

function url(path) {
  const made = new URL(path, location);
  const q = new URLSearchParams(location.search).get("q");
  if (q) made.searchParams.set("q", q);
  made.searchParams.set("after", last);
  return made;
}

function isAtTop() {
  return scrollY < 80 && !list.contains(document.activeElement);
}

function take(payload) {
  seen.push([Date.now(), payload.count]);
  const isMoving = !isPaused && isAtTop();
  for (const { number, last, html } of payload.rows) {
    const shown = list.querySelector(`:scope > [data-number="${number}"]`);
    if (shown && (!isMoving || shown === list.firstElementChild)) replace(shown, html);
    else {
      const isOpen = Boolean(shown?.querySelector("details")?.open);
      shown?.remove();
      waiting.set(number, { last, html, isOpen });
    }
  }
  if (!isPaused && isAtTop()) show();
  else tell();
}

function made(html, isOpen = false) {
  const template = document.createElement("template");
  template.innerHTML = html; // the server has escaped what clients sent
  localise(template.content);
  const details = template.content.querySelector("details");
  if (details) details.open = isOpen;
  return template.content.firstElementChild;
}

function replace(shown, html) {
  const fresh = made(html, Boolean(shown.querySelector("details")?.open));
  const focused = document.activeElement;
  const had = shown.contains(focused) ? focused.getAttribute("href") : null;
  shown.replaceWith(fresh);
  if (had) fresh.querySelector(`[href="${had}"]`)?.focus();
  else if (had === null && shown.contains(focused)) fresh.querySelector("summary")?.focus();
}

function show() {
  if (!waiting.size) return;
  document.querySelector("#nothing")?.remove();
  const rows = [...waiting.values()].sort((one, other) => other.last - one.last).slice(0, MOST);
  list.prepend(...rows.map(({ html, isOpen }) => made(html, isOpen)));
  waiting.clear();
  while (list.children.length > MOST) list.lastElementChild.remove();
  more.hidden = true;
}

function tell() {
  more.hidden = !waiting.size;
  more.textContent = `${waiting.size} new`;
  while (waiting.size > MOST) waiting.delete(Math.min(...waiting.keys()));
}

function tick() {
  const now = Date.now();
  seen = seen.filter(([instant]) => instant > now - WATCHED);
  const count = seen.reduce((sum, [, many]) => sum + many, 0);
  rate.textContent = count ? `${Math.max(1, Math.round((count * 1000) / WATCHED))}/s` : "";
}

function listen() {
  if (source || isPolling || "still" in list.dataset) return;
  source = new EventSource(url("/stream"));
  source.addEventListener("rows", (event) => {
    last = Number(event.lastEventId) || last;
    take(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      isPolling = true;
      setTimeout(poll, 1000);
    }
  });
}

async function poll() {
  const answer = await fetch(url("/poll")).catch(() => null);
  if (answer?.status === 401) return location.reload();
  if (answer?.ok) {
    const payload = await answer.json();
    last = payload.last ?? last;
    if (payload.rows.length) take(payload);
  }
  setTimeout(poll, 1000);
}

function setPaused(value) {
  isPaused = value;
  pause.textContent = value ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", value);
  if (!value) show();
}

pause.addEventListener("click", () => setPaused(!isPaused));
more.addEventListener("click", () => {
  scrollTo({ top: 0 });
  more.blur();
  show();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "p" && !event.target.closest("input, textarea, select")) setPaused(!isPaused);
});
// A browser opens six connections to a server; a page that nobody sees needs none.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close();
    source = null;
  } else listen();
});
addEventListener("scroll", () => {
  if (!isPaused && waiting.size && isAtTop()) show();
});
addEventListener("pagehide", () => source?.close());
const year = document.querySelector("#year");

async function follow() {
  if (!year.querySelector("[data-runs]")) return;
  const answer = document.hidden ? null : await fetch("/year").catch(() => null);
  if (answer?.ok) year.innerHTML = await answer.text();
  setTimeout(follow, 1500);
}

follow();
setInterval(tick, 1000);
listen();
