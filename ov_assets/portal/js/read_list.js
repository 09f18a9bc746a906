// What the list shows right now, in one call: headers, rows, footer range, whether Next is enabled.
() => {
  const text = (element) => (element.textContent || "").trim().toWellFormed();
  const RANGE = /^(\d+)\s*-\s*(\d+)\s+de\s+(\d+)$/;
  const range = [...document.querySelectorAll("md-table-pagination .label, .md-table-pagination .label")]
    .map((label) => RANGE.exec(text(label)))
    .find(Boolean);
  const isAction = (cell) => cell.classList.contains("md-actions") || cell.querySelector('a[href*="Detail/"]');
  const rows = [...document.querySelectorAll("tbody.md-body tr.md-row")];
  const headers = [...document.querySelectorAll("thead.md-head th.md-column")].map(text);
  const next = document.querySelector('button[aria-label="Next"]');
  const previous = document.querySelector('button[aria-label="Previous"]');
  return {
    range: range ? range.slice(1).map(Number) : null,
    headers,
    rows: rows
      .map((row) => {
        const link = row.querySelector('a[tooltip="Ver PQR"], a[href*="Detail/"]');
        if (!link) return null;
        const cells = [...row.querySelectorAll("td.md-cell")];
        return {
          href: link.getAttribute("href"),
          actionIndex: cells.findIndex(isAction),
          cells: cells.filter((cell) => !isAction(cell)).map(text),
        };
      })
      .filter(Boolean),
    withoutLink: rows.some((row) => !row.querySelector('a[tooltip="Ver PQR"], a[href*="Detail/"]')),
    hasNext: Boolean(next) && !next.disabled,
    hasNextButton: Boolean(next),
    hasPrevious: Boolean(previous) && !previous.disabled,
    hasTable: Boolean(document.querySelector("table.md-table")),
  };
}
