// What the list shows right now, in one call: headers, rows, footer range, whether Next is enabled.
//
// range: [from, to, total], the total as null where the footer doesn't tell it.
(pages) => () => {
  const text = (element) => (element.textContent || "").trim().toWellFormed();
  const RANGE = new RegExp(pages["list.footer_range"]);
  const EYE = pages["list.eye"];
  const range = [...document.querySelectorAll(pages["list.footer"])]
    .map((label) => RANGE.exec(text(label)))
    .find(Boolean);
  const isAction = (cell) => cell.matches(pages["list.action_cell"]) || cell.querySelector(EYE);
  const rows = [...document.querySelectorAll(pages["list.row"])];
  const headers = [...document.querySelectorAll(pages["list.header"])].map(text);
  const next = document.querySelector(pages["list.next"]);
  const previous = document.querySelector(pages["list.previous"]);
  return {
    range: range ? range.slice(1).map((number) => (number ? Number(number.replace(/[.,]/g, "")) : null)) : null,
    headers,
    rows: rows
      .map((row) => {
        const link = row.querySelector(EYE);
        if (!link) return null;
        const cells = [...row.querySelectorAll(pages["list.cell"])];
        return {
          href: link.getAttribute("href"),
          actionIndex: cells.findIndex(isAction),
          cells: cells.filter((cell) => !isAction(cell)).map(text),
        };
      })
      .filter(Boolean),
    withoutLink: rows.some((row) => !row.querySelector(EYE)),
    hasNext: Boolean(next) && !next.disabled,
    hasNextButton: Boolean(next),
    hasPrevious: Boolean(previous) && !previous.disabled,
    hasTable: Boolean(document.querySelector(pages["list.table"])),
  };
}
