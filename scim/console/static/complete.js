// Completes a SCIM filter as it is typed: attributes, operators, quotes, values, and, or.

const LOGIC = ["and", "or"];
const TOKEN = /"(?:[^"\\]|\\.)*"?|[()[\]]|[^\s()[\]"]+|\s+/g;
const MOST = 50;

/** Let a list below an input complete its filter; the words come from `data-words`. */
export function complete(input, list) {
  let attributes = null;
  let chosen = -1;
  let offered = [];

  const load = async () => {
    attributes ??= (await (await fetch(input.dataset.words)).json()).attributes;
  };
  const close = () => {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  async function offer() {
    await load().catch(() => (attributes = []));
    const before = input.value.slice(0, input.selectionStart);
    offered = completions(before, attributes).slice(0, MOST);
    list.replaceChildren(...offered.map(itemOf));
    if (!offered.length || document.activeElement !== input) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    choose(-1);
  }

  function itemOf(entry, number) {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `completion-${number}`;
    const kind = document.createElement("span");
    kind.className = "kind";
    kind.textContent = entry.kind;
    item.append(entry.shown ?? entry.text, kind);
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(number);
    });
    return item;
  }

  function choose(number) {
    chosen = number;
    for (const [at, item] of [...list.children].entries()) item.setAttribute("aria-selected", at === number);
    if (number >= 0) {
      input.setAttribute("aria-activedescendant", list.children[number].id);
      list.children[number].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function take(number) {
    const { text, typed, back = 0 } = offered[number];
    const at = input.selectionStart;
    input.setRangeText(text, at - typed, at, "end");
    input.selectionStart = input.selectionEnd = input.selectionEnd - back;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  input.addEventListener("input", offer);
  input.addEventListener("focus", () => input.value || offer());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) offer();
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") choose(Math.min(offered.length - 1, chosen + 1));
    else if (event.key === "ArrowUp") choose(Math.max(-1, chosen - 1));
    else if (event.key === "Tab" && !event.shiftKey && chosen >= 0) take(chosen);
    else if (event.key === "Enter" && chosen >= 0) take(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
}

/** What may come next behind a text: entries with the text to insert and how much it replaces. */
export function completions(before, attributes) {
  const tokens = before.match(TOKEN) ?? [];
  const isTyping = tokens.length > 0 && !/^\s/.test(tokens.at(-1)) && !/[()[\]]$/.test(tokens.at(-1));
  const word = isTyping ? tokens.pop() : "";
  const done = tokens.filter((each) => each.trim());
  const { expected, path, owner } = state(done, attributes);
  const find = (name) => attributes.find((each) => each.path.toLowerCase() === name?.toLowerCase());
  const attribute = find(owner && path ? `${owner.path}.${path}` : path);
  const typed = word.length;
  const fits = (each) => each.text.toLowerCase().startsWith(word.toLowerCase()) && each.text.trim() !== word;
  if (expected === "attribute") {
    const known = owner
      ? owner.inside.map((name) => find(`${owner.path}.${name}`)).filter(Boolean)
      : attributes;
    const inside = (each) => (owner ? each.path.slice(owner.path.length + 1) : each.path);
    const found = known.map((each) => ({ text: `${inside(each)} `, kind: each.type, typed }));
    const lists = owner ? [] : known.filter((each) => each.brackets);
    found.push(...lists.map((each) => ({ text: `${each.path}[`, kind: "an element", typed })));
    if (!owner) found.push({ text: "not (", kind: "the opposite", typed });
    const last = (each) => each.text.split(/[:.]/).at(-1).toLowerCase();
    const ends = (each) => word && !fits(each) && last(each).startsWith(word.toLowerCase());
    return [...found.filter(fits), ...found.filter(ends)];
  }
  if (expected === "operator") {
    const operators = attribute?.operators ?? ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"];
    return operators.map((each) => ({ text: `${each} `, kind: MEANING[each], typed })).filter(fits);
  }
  if (expected === "value") return values(attribute, word).map((each) => ({ ...each, typed }));
  const closing = owner ? [{ text: "] ", kind: "end of the element", typed }] : [];
  return [...closing, ...LOGIC.map((text) => ({ text: `${text} `, kind: "and another condition", typed }))].filter(fits);
}

const MEANING = {
  eq: "is", ne: "is not", co: "contains", sw: "begins with", ew: "ends with",
  gt: "greater than", ge: "at least", lt: "less than", le: "at most", pr: "has a value",
};

function values(attribute, word) {
  if (attribute?.type === "boolean") {
    return ["true", "false"].filter((each) => each.startsWith(word) && each !== word).map((text) => ({ text: `${text} `, kind: "boolean" }));
  }
  if (["integer", "decimal"].includes(attribute?.type)) return [];
  const known = (attribute?.values ?? []).map((each) => ({ text: `"${each}" `, kind: "known value" }));
  const fitting = known.filter((each) => each.text.startsWith(word) && each.text.trim() !== word);
  if (word) return fitting;
  if (attribute?.type === "dateTime") return [{ text: '"2026-01-01T00:00:00Z" ', kind: "an instant" }];
  return [...fitting, { text: '""', shown: '"…"', kind: "a text", back: 1 }];
}

/** Which kind of word comes behind these tokens, and for which attribute or in which brackets. */
function state(tokens, attributes) {
  let expected = "attribute";
  let path = null;
  let owner = null;
  for (const token of tokens) {
    const word = token.toLowerCase();
    if (token === "[") {
      owner = attributes.find((each) => each.path.toLowerCase() === path?.toLowerCase()) ?? null;
      expected = "attribute";
    } else if (token === "]") {
      owner = null;
      expected = "logic";
    } else if (token === "(" || (expected === "attribute" && word === "not")) expected = "attribute";
    else if (token === ")") expected = "logic";
    else if (expected === "attribute") {
      path = token;
      expected = "operator";
    } else if (expected === "operator") expected = word === "pr" ? "logic" : "value";
    else if (expected === "value") expected = "logic";
    else expected = "attribute";
  }
  return { expected, path, owner };
}
