// Runs before the page is drawn, so that it does not flash in the other colours.
const root = document.documentElement;
try {
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  if (localStorage.getItem("stage")) root.dataset.stage = "";
} catch {
  // Storage is off: the system's preference holds.
}
