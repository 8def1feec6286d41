"use strict";
const result = document.getElementById("by-result");
const area = document.getElementById("by-area");
const search = document.getElementById("by-text");
const entries = [...document.querySelectorAll("[data-result]")].map((element) => {
  const said = element.cloneNode(true);
  said.querySelectorAll("pre").forEach((each) => each.remove());
  return { element, text: said.textContent.toLowerCase() };
});
const groups = [...document.querySelectorAll("main section, main section table")];

function show() {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const { element, text } of entries) {
    const { result: itsResult, area: itsArea } = element.dataset;
    element.hidden =
      (result.value !== "" && result.value !== itsResult) ||
      (area.value !== "" && area.value !== itsArea) ||
      !words.every((word) => text.includes(word));
  }
  for (const group of groups) {
    group.hidden = !group.querySelector("[data-result]:not([hidden])");
  }
  const rows = entries.filter(({ element }) => element.matches("tr"));
  const shown = rows.filter(({ element }) => !element.hidden);
  document.getElementById("shown").textContent = `${shown.length} of ${rows.length} checks`;
}

for (const control of [result, area, search]) control.addEventListener("input", show);
document.getElementById("filter").hidden = false;
show();
