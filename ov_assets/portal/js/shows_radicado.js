// Whether the detail page shows the PQR with this radicado.
(pages) => (radicado) => {
  const same = (text) =>
    text.normalize("NFC").replace(/\s+/g, " ").trim().replace(/:$/, "").replace("º", "°").toLowerCase();
  const captions = pages["labels.numero_radicado"].map(same);
  const label = [...document.querySelectorAll(pages["detail.label"])].find((cell) =>
    captions.includes(same(cell.textContent)),
  );
  return Boolean(label) && label.nextElementSibling.textContent.trim() === radicado;
}
