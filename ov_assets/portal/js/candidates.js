// Elements that may be the one that is missed, alike ones together: how many, the words that each says of
// itself, and the selectors that find them, with how many elements these find. Nothing that a single row or value says is among those.
//
// among: a selector. saying: what the element's own text must be like, or null. taken: selectors of what is
// known already. together: whether alike elements are one thing, such as the rows of a table: then nothing that
// may be one row's own counts. before: only the last one that stands before an element of this selector, or null.
() => ([among, saying, taken, together, before]) => {
  const NAMED = ["ng-model", "name", "ng-click", "ng-repeat", "tooltip", "aria-label", "title", "placeholder", "id", "role", "type"];
  const PASSING = /^ng-|focused|theme$|^(active|open|collapsed|disabled|selected)/;
  const SAYING = saying && new RegExp(saying, "i");
  const visible = (element) => element.getClientRects().length > 0;
  const own = (element) => (element.textContent || "").replace(/\s+/g, " ").trim();
  const isTaken = (element) => taken.some((selector) => element.matches(selector));
  const quoted = (text) => JSON.stringify(text);
  const classes = (element) => [...element.classList].filter((name) => !PASSING.test(name) && !/\d/.test(name));
  const looks = (element) => [element.localName, ...classes(element).sort()].join(".");
  const attribute = (element, name) => {
    const value = element.getAttribute(name);
    if (!value || value.length > 60 || (name === "id" && /\d/.test(value))) return null;
    if (together && (/\d|\.\w{2,4}$/.test(value) || (own(element) && value.includes(own(element))))) return null;
    if (name === "ng-click" && value.includes("(")) return `${element.localName}[ng-click^=${quoted(value.split("(")[0] + "(")}]`;
    return `${element.localName}[${name}=${quoted(value)}]`;
  };
  const place = (element) => {
    const steps = [];
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const alike = [...at.parentElement.children].filter((other) => other.localName === at.localName);
      const named = at !== element && classes(at).length ? "." + classes(at).map(CSS.escape).join(".") : "";
      steps.unshift(at.localName + named + (alike.length > 1 ? `:nth-of-type(${alike.indexOf(at) + 1})` : ""));
      if (named && document.querySelectorAll(steps.join(" > ")).length === 1) break;
    }
    return steps.join(" > ");
  };
  const finds = (selector, group) => {
    const found = [...document.querySelectorAll(selector)].filter(visible);
    return group.every((element) => found.includes(element)) ? found.length : Infinity;
  };
  const selectors = (group) => {
    const [first] = group;
    const tag = first.localName;
    const named = NAMED.map((name) => attribute(first, name)).filter(Boolean);
    const styled = classes(first).map((name) => `${tag}.${CSS.escape(name)}`);
    const above = first.parentElement ? classes(first.parentElement).map((name) => `.${CSS.escape(name)} > ${tag}`) : [];
    const all = [...named, ...styled, ...above, tag, ...(together ? [] : [place(first)])];
    const costs = all.map((selector) => [finds(selector, group), selector]).filter(([cost]) => cost < Infinity);
    const least = Math.min(...costs.map(([cost]) => cost));
    return { found: least, selectors: costs.filter(([cost]) => cost === least).map(([, selector]) => selector) };
  };
  const fits = [...document.querySelectorAll(among)].filter(
    (element) => visible(element) && !isTaken(element) && (!SAYING || SAYING.test(own(element))),
  );
  const precedes = (element) => element.compareDocumentPosition(document.querySelector(before)) & Node.DOCUMENT_POSITION_FOLLOWING;
  if (before && document.querySelector(before)) fits.splice(0, fits.length, ...fits.filter(precedes).slice(-1));
  const innermost = SAYING ? fits.filter((element) => !fits.some((other) => other !== element && element.contains(other))) : fits;
  const groups = new Map();
  for (const [index, element] of innermost.entries()) {
    const key = together ? looks(element) : index;
    groups.set(key, [...(groups.get(key) || []), element]);
  }
  return [...groups.values()].map((group) => ({
    count: group.length,
    words: [
      ...NAMED.map((name) => group[0].getAttribute(name) || ""),
      ...classes(group[0]),
      group[0].localName,
      group.length === 1 && own(group[0]).length <= 40 ? own(group[0]) : "",
    ].join(" "),
    ...selectors(group),
  }));
}
