// The directory: a filter is completed and checked as it is typed; the timeline opens as a whole.

import { dayOf } from "./console.js";
import { complete } from "./complete.js";

const input = document.querySelector("#filter");
if (input) {
  complete(input, document.querySelector("#completions"));
  check(input, document.querySelector("#told"));
}

/** Say below the input what its filter finds, or what is wrong and where. */
function check(field, told) {
  let asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(check.timer);
    check.timer = setTimeout(look, 250);
  });

  async function look() {
    const mine = ++asked;
    const url = new URL(field.dataset.check, location);
    url.searchParams.set("filter", field.value);
    const answer = await fetch(url).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    show(await answer.json());
  }

  function show(found) {
    const parts = [];
    if (found.position) parts.push(marked(field.value.trim(), found.position));
    const line = document.createElement("p");
    line.textContent = found.sentence ?? found.detail;
    if (found.detail) line.className = "problem";
    if (found.position) line.textContent = `At character ${found.position}: ${found.detail}`;
    told.replaceChildren(...parts, line);
  }
}

function marked(text, position) {
  const characters = Array.from(text);
  const line = document.createElement("p");
  line.className = "wrong mono";
  const mark = document.createElement("mark");
  mark.textContent = characters[position - 1] ?? "␣";
  line.append(characters.slice(0, position - 1).join(""), mark, characters.slice(position).join(""));
  return line;
}

for (const button of document.querySelectorAll("[data-unfold]")) {
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") !== "true";
    for (const each of document.querySelectorAll(`${button.dataset.unfold} details`)) each.open = isOpen;
    button.setAttribute("aria-expanded", isOpen);
    button.textContent = isOpen ? "Close all" : "Open all";
  });
}

// Days by the clock of this machine, as the times are.
const timeline = document.querySelector("#timeline");
if (timeline) {
  for (const each of timeline.querySelectorAll(".day")) each.remove();
  let last = "";
  for (const moment of [...timeline.children]) {
    const day = dayOf(new Date(moment.querySelector("time").dateTime));
    if (day !== last) {
      const item = document.createElement("li");
      item.className = "day";
      const text = document.createElement("span");
      text.textContent = day;
      item.append(text);
      moment.before(item);
    }
    last = day;
  }
}
