// Connect: the checklist ticks itself, the address follows the tunnel, and a command shows its progress.

import { say } from "./console.js";

const EVERY = 2000; // milliseconds between two questions
const list = document.querySelector("#checklist");
const job = document.querySelector("#job");

function paste(address) {
  for (const value of document.querySelectorAll(".value[data-end]")) {
    const text = address + value.dataset.end;
    value.querySelector("code").textContent = text;
    value.querySelector("button").dataset.copy = text;
  }
}

function take(told) {
  const before = new Set([...list.querySelectorAll(".passed .name")].map((each) => each.firstChild.textContent.trim()));
  list.innerHTML = told.checklist; // the server has escaped what clients sent
  document.querySelector("#reach").innerHTML = told.notice;
  list.dataset.seen = told.seen;
  if (told.address !== list.dataset.address) {
    list.dataset.address = told.address;
    paste(told.address);
    say("The address has changed");
  }
  const fresh = told.done.filter((name) => !before.has(name));
  if (fresh.length) say(`✓ ${fresh.at(-1)}`);
}

async function look() {
  if (!document.hidden) {
    const url = new URL(list.dataset.url, location);
    url.searchParams.set("seen", list.dataset.seen);
    const answer = await fetch(url).catch(() => null);
    if (answer?.status === 401) return location.reload();
    if (answer?.status === 200) take(await answer.json());
  }
  setTimeout(look, EVERY);
}

async function follow() {
  if (!job.querySelector("[data-runs]")) return;
  const answer = await fetch(job.dataset.url).catch(() => null);
  if (answer?.status === 200) {
    job.innerHTML = await answer.text();
    if (!job.querySelector("[data-runs]")) {
      for (const button of document.querySelectorAll(".cards button:disabled")) button.disabled = false;
      say("It has ended");
    }
  }
  setTimeout(follow, EVERY / 2);
}

if (list) setTimeout(look, EVERY);
if (job) setTimeout(follow, EVERY / 2);
