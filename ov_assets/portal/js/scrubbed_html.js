// The page's own HTML without what anybody typed or was told: captions stay, every other text becomes x.
(pages) => () => {
  const KEPT_ATTRIBUTES =
    /^(class|id|name|type|role|style|disabled|tooltip|colspan|hidden|aria-(hidden|expanded)|ng-(model|click|bind|repeat|if|show|hide|class|disabled))$/;
  const CAPTIONS = [pages["evidence.captions"], pages["detail.label"], pages["list.footer"]].join();
  const copy = document.documentElement.cloneNode(true);
  copy.querySelectorAll("script, style, template, svg, img, link, meta, iframe").forEach((node) => node.remove());
  const masked = (text) => text.replace(/[^\s]/g, "x");
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  for (const node of found) {
    if (node.nodeType === Node.COMMENT_NODE) node.remove();
    else if (!node.parentElement || !node.parentElement.closest(CAPTIONS)) node.nodeValue = masked(node.nodeValue);
  }
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    for (const { name } of [...element.attributes]) {
      if (!KEPT_ATTRIBUTES.test(name)) element.removeAttribute(name);
    }
  }
  return copy.outerHTML;
}
