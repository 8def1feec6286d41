// The pictures are drawn by the server; they are loaded again as exchanges come, at most twice a second.

const place = document.querySelector("#pictures");
const pause = document.querySelector("#pause");
const PAUSE = 500; // milliseconds between two pictures
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
const NEAR = 24; // pixels from the end of the diagram that count as its end

let last = Number(place.dataset.last);
let waiting = 0; // exchanges that are not drawn yet
let isPaused = false;
let source = null;
let isPolling = false; // once a stream is refused, the page polls
let timer = null;
let drawn = 0; // the instant of the last picture

const shown = () => [...place.querySelectorAll(".sequence")].find((each) => each.offsetParent);

function isAtEnd() {
  const box = shown();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
}

function toEnd() {
  const box = shown();
  if (box) box.scrollTop = box.scrollHeight;
}

function tell() {
  const more = place.querySelector("#more");
  if (!more) return;
  more.hidden = !waiting;
  more.textContent = `${waiting} new`;
}

function plan() {
  if (timer || document.hidden || !waiting) return;
  if (isPaused || !isAtEnd()) return tell();
  timer = setTimeout(draw, Math.max(0, PAUSE - (Date.now() - drawn)));
}

async function draw() {
  const url = new URL("/conversation/picture", location);
  url.search = location.search;
  url.searchParams.set("zone", ZONE);
  waiting = 0;
  const answer = await fetch(url).catch(() => null);
  drawn = Date.now();
  timer = null;
  if (answer?.status === 401) return location.reload();
  if (answer?.ok) replace(await answer.text());
  plan();
}

function replace(html) {
  const focused = document.activeElement;
  const had = place.contains(focused) ? focused.getAttribute("href") : null;
  const isOpen = place.querySelector("details")?.open;
  const [wasAtEnd, top] = [isAtEnd(), shown()?.scrollTop];
  place.innerHTML = html; // the server has escaped what clients sent
  const details = place.querySelector("details");
  if (isOpen && details) details.open = true;
  if (wasAtEnd) toEnd();
  else if (shown()) shown().scrollTop = top;
  if (had) shown()?.querySelector(`[href="${had}"]`)?.focus({ preventScroll: true });
}

function listen() {
  if (source || isPolling || document.hidden) return;
  const url = new URL("/stream", location);
  url.search = location.search;
  url.searchParams.set("after", last);
  source = new EventSource(url);
  source.addEventListener("rows", (event) => {
    last = Number(event.lastEventId) || last;
    waiting += JSON.parse(event.data).count;
    plan();
  });
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    isPolling = true;
    setTimeout(poll, 1000);
  });
}

async function poll() {
  const url = new URL("/poll", location);
  url.search = location.search;
  url.searchParams.set("after", last);
  const answer = await fetch(url).catch(() => null);
  if (answer?.status === 401) return location.reload();
  if (answer?.ok) {
    const found = await answer.json();
    last = found.last ?? last;
    waiting += found.count;
    plan();
  }
  setTimeout(poll, 1000);
}

function setPaused(value) {
  isPaused = value;
  pause.textContent = value ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", value);
  plan();
}

pause.addEventListener("click", () => setPaused(!isPaused));
document.addEventListener("keydown", (event) => {
  if (event.key !== "p" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!event.target.closest("input, textarea, select")) setPaused(!isPaused);
});
place.addEventListener("click", (event) => {
  if (!event.target.closest("#more")) return;
  if (isPaused) setPaused(false);
  toEnd();
  plan();
});
place.addEventListener("scroll", plan, true);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close();
    source = null;
  } else {
    listen();
    plan();
  }
});
new MutationObserver(toEnd).observe(document.documentElement, { attributeFilter: ["data-stage"] });
addEventListener("pagehide", () => source?.close());
toEnd();
if (ZONE !== "UTC" && place.querySelector(".picture")) draw();
listen();
