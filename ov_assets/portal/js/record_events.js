// Tells what happens on a page, as it happens: clicks, what the list and the fields of a detail show and when, a
// notice, changes of the document. Runs in each document before its own scripts do, and changes nothing.
(pages) => (readList, readDetail, tell) => {
  if (window.top !== window) return;
  const LOOK_EVERY_MS = 40;
  const DESCRIBED = ["ng-click", "ng-model"];
  const describe = (element) => {
    const shown = element.closest("[ng-click], [ng-model], button, a, [role], [class]") || element;
    const classes = [...shown.classList].map((name) => `.${name}`).join("");
    const attributes = DESCRIBED.filter((name) => shown.hasAttribute(name));
    return shown.tagName.toLowerCase() + classes + attributes.map((name) => `[${name}=${shown.getAttribute(name)}]`).join("");
  };
  const say = (what, where) => tell({ at: Date.now(), what, where: String(where) });
  document.addEventListener("click", (event) => say("click", describe(event.target)), true);
  let rows = "";
  let fields = [];
  const look = () => {
    const list = readList();
    const shownRows = JSON.stringify([list.range, list.rows]);
    if (list.hasTable && shownRows !== rows) say("rows", list.rows.length);
    rows = shownRows;
    const shown = readDetail().pairs.map(([, value]) => value);
    shown.forEach((value, index) => value && value !== fields[index] && say("field", index));
    fields = shown;
  };
  let changed = 0;
  let first = null;
  new MutationObserver((changes) => {
    changed += changes.length;
    first = first || changes[0].target;
    if (document.body) look();
  }).observe(document, { childList: true, subtree: true, characterData: true });
  let popupShown = false;
  setInterval(() => {
    if (!document.body) return;
    look(); // what stands in a control changes without a change of the document
    if (changed) {
      const element = first.nodeType === Node.ELEMENT_NODE ? first : document.body;
      say("dom", `${changed} ${describe(element)}`);
      [changed, first] = [0, null];
    }
    const notice = document.querySelector(pages["popup.box"]);
    const isShown = Boolean(notice) && notice.getClientRects().length > 0;
    if (isShown !== popupShown) say("popup", isShown ? "shown" : "gone");
    popupShown = isShown;
  }, LOOK_EVERY_MS);
}
