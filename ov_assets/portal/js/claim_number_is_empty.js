// Whether the page has the input of the claim number and nothing stands in it (yet).
(pages) => () => {
  const box = document.querySelector(pages["detail.claim_number"]);
  return Boolean(box) && !box.value;
}
