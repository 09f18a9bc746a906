// A page as nested arrays [tag, attributes, children], texts as strings; nothing is masked here.
//
// What is left out can't be in a recording: scripts, styles, comments, pictures, frames, hidden fields, and each
// attribute without a name that is known. "~" marks what isn't an attribute: what stands in a control (value),
// whether it is drawn (hidden), how within a value (block, inline), whether the captions' selector finds it (caption).
() => (captions) => {
  const LEFT_OUT =
    /^(script|style|template|noscript|link|meta|base|svg|img|picture|video|audio|canvas|object|embed|iframe)$/i;
  const KEPT =
    /^(class|id|name|type|role|for|href|rowspan|colspan|tabindex|disabled|readonly|checked|hidden|multiple|maxlength|inputmode|autocomplete|placeholder|title|tooltip|label|heading|style|aria-[\w-]+|(data-)?ng-(?!src)[\w-]+|uib-[\w-]+)$/;
  const INLINE = /^(A|ABBR|B|CODE|EM|FONT|I|INPUT|LABEL|SELECT|SMALL|SPAN|STRONG|SUB|SUP|TEXTAREA|U|BUTTON)$/;
  const NOT_READ = /^(hidden|password|file|checkbox|radio)$/;
  const STYLE = /^(display|visibility|height)$/;
  const isDrawn = (element) => element.getClientRects().length > 0;
  const tree = (element) => {
    const attributes = {};
    for (const { name, value } of element.attributes) {
      if (name === "style") {
        const kept = [...element.style].filter((property) => STYLE.test(property));
        attributes.style = kept.map((property) => `${property}: ${element.style.getPropertyValue(property)}`).join("; ");
      } else if (KEPT.test(name)) attributes[name] = value.toWellFormed();
    }
    const display = getComputedStyle(element).display;
    const usual = INLINE.test(element.tagName) || element.tagName.includes("-") ? "inline" : "block";
    const drawn = /^inline/.test(display) ? "inline" : "block";
    if (display === "none") attributes["~hidden"] = "";
    else if (drawn !== usual && display !== "contents" && element.closest("td, dd")) attributes["~display"] = drawn;
    if (element.matches(captions)) attributes["~caption"] = "";
    if (/^(INPUT|TEXTAREA)$/.test(element.tagName) && !NOT_READ.test(element.type)) {
      attributes["~value"] = element.value.toWellFormed();
    }
    const children = [];
    if (element.tagName !== "TEXTAREA") {
      for (const node of element.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) children.push(node.nodeValue.toWellFormed());
        else if (node.nodeType === Node.ELEMENT_NODE && !LEFT_OUT.test(node.tagName)) {
          if (node.tagName !== "INPUT" || node.type !== "hidden") children.push(tree(node));
        }
      }
    }
    return [element.tagName.toLowerCase(), attributes, children];
  };
  return { title: document.title, body: tree(document.body) };
}
