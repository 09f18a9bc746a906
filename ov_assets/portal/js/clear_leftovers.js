// Remove the hidden frames that downloads leave; says whether something visible still lies over the page.
(pages) => () => {
  const visible = (element) => element.getClientRects().length > 0;
  for (const frame of document.querySelectorAll("iframe")) if (!visible(frame)) frame.remove();
  return [...document.querySelectorAll(`${pages["detail.overlay"]}, iframe`)].some(visible);
}
