// The label/value pairs of the detail page, in its own order, and the names of its attachments.
//
// Text comes from text nodes, so inner blanks and line ends survive whatever the style sheet collapses;
// an editable control gives its current value, which AngularJS keeps out of the `value` attribute.
(pages) => () => {
  const SKIPPED = new Set(["SCRIPT", "STYLE", "TEMPLATE", "BUTTON", "SVG", "MD-ICON", "IFRAME"]);
  const BLOCKS = /^(block|flex|grid|list-item|table|table-row)$/;
  const valueOf = (element) => {
    const pieces = [];
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        const isIndentation = !node.nodeValue.trim() && element.children.length > 0;
        if (!isIndentation) pieces.push(node.nodeValue);
        continue;
      }
      if (node.nodeType !== Node.ELEMENT_NODE || SKIPPED.has(node.tagName.toUpperCase())) continue;
      const tag = node.tagName;
      if (tag === "BR") pieces.push("\n");
      else if (tag === "TEXTAREA") pieces.push(node.value);
      else if (tag === "SELECT") pieces.push([...node.selectedOptions].map((option) => option.text).join(", "));
      else if (tag === "INPUT") {
        if (!/^(checkbox|radio|file|button|submit|hidden)$/.test(node.type)) pieces.push(node.value);
      } else {
        const display = getComputedStyle(node).display;
        if (display === "none") continue;
        const inner = valueOf(node);
        const isBlock = BLOCKS.test(display);
        if (isBlock && pieces.length && inner) pieces.push("\n");
        pieces.push(isBlock ? inner.trim() : inner);
      }
    }
    return pieces.join("");
  };
  // Half a character can be neither stored nor sent.
  const whole = (text) => (text || "").toWellFormed();
  const pairs = [...document.querySelectorAll(pages["detail.label"])].map((label) => [
    whole(label.textContent),
    label.nextElementSibling ? whole(valueOf(label.nextElementSibling)) : null,
  ]);
  const links = [...document.querySelectorAll(pages["detail.attachment"])];
  return { pairs, attachments: links.map((link) => whole(link.textContent).trim()) };
}
