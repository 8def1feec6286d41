// Connect: the checklist ticks itself, the address follows the tunnel, and a command shows its progress.

import { localise, say } from "./console.js";

const EVERY = 2000; // milliseconds between two questions
const list = document.querySelector("#checklist");
const reach = document.querySelector("#reach");
const watched = list ?? reach;
const job = document.querySelector("#job");

function paste(address) {
  for (const value of document.querySelectorAll(".value[data-end]")) {
    const text = address + value.dataset.end;
    value.querySelector("code").textContent = text;
    value.querySelector("button").dataset.copy = text;
  }
}

function take(told) {
  reach.innerHTML = told.notice; // the server has escaped what clients sent
  watched.dataset.seen = told.seen;
  if (told.address !== watched.dataset.address) {
    watched.dataset.address = told.address;
    paste(told.address);
    say("The address has changed");
  }
  if (list) tick(told);
}

function tick(told) {
  const names = [...list.querySelectorAll(".passed .name")];
  const before = new Set(names.map((each) => each.firstChild.textContent.trim()));
  list.innerHTML = told.checklist;
  localise(list);
  const fresh = told.done.filter((name) => !before.has(name));
  if (fresh.length) say(`✓ ${fresh.at(-1)}`);
}

async function look() {
  if (!document.hidden) {
    const url = new URL(watched.dataset.url, location);
    url.searchParams.set("seen", watched.dataset.seen);
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
    localise(job);
    if (!job.querySelector("[data-runs]")) {
      for (const button of document.querySelectorAll(".cards button:disabled")) button.disabled = false;
      say("It has ended");
    }
  }
  setTimeout(follow, EVERY / 2);
}

if (watched) setTimeout(look, EVERY);
if (job) setTimeout(follow, EVERY / 2);
