// The benches of the Lab: the result follows what is typed.

const form = document.querySelector("[data-tries]");
const result = document.querySelector("#result");
const PAUSE = 250; // milliseconds after the last key
let asked = null;
let timer = 0;

async function tryIt() {
  asked?.abort();
  asked = new AbortController();
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form));
  history.replaceState(null, "", url);
  url.searchParams.set("part", "");
  try {
    const answer = await fetch(url, { signal: asked.signal });
    if (answer.status === 401) return location.reload();
    const html = await answer.text();
    if (answer.ok) result.innerHTML = html; // the server has escaped what was typed
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(tryIt, PAUSE);
});

// Tab leaves a field, as everywhere; Ctrl+Enter sends the form.
for (const area of document.querySelectorAll("textarea")) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  });
}
