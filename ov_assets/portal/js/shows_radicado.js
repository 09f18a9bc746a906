// Whether the detail page shows the PQR with this radicado.
(radicado) => {
  const same = (text) =>
    text.normalize("NFC").replace(/\s+/g, " ").trim().replace(/:$/, "").replace("º", "°").toLowerCase();
  const label = [...document.querySelectorAll("td.text-td-label")].find(
    (cell) => same(cell.textContent) === "n° radicado pqr",
  );
  return Boolean(label) && label.nextElementSibling.textContent.trim() === radicado;
}
