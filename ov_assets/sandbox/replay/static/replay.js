/* What a recorded portal did, done again: its own scripts aren't in the recording.
 *
 * Each step asks the server for what the recorded one asked for, and shows what was shown then: not before its
 * time, nor before the answers that had come before it. */
(function () {
  "use strict";

  const { at, ...replay } = window.REPLAY;
  const HIDDEN = "data-ov-hidden";
  const RANGE = new RegExp(at["list.footer_range"]);
  const [FROM, TO] = ["from", "to"].map((end) => `${at[`filter.${end}`]} ${at["filter.date_input"]}`);
  const DAY = /^\s*(\d{4})[\/-](\d{2})[\/-](\d{2})/;
  const find = (selector) => document.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const sleep = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));
  const HEADERS = { "X-Requested-With": "XMLHttpRequest" };
  let turn = 0;

  /* Ask as the recorded page did; gives a blob. A fetch that is read as one leaves its listeners no bytes. */
  function ask({ url, method, kind }) {
    if (kind === "fetch") return fetch(url, { method, headers: HEADERS }).then((answer) => answer.arrayBuffer()).then((data) => new Blob([data]));
    return new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.responseType = "blob";
      request.setRequestHeader(...Object.entries(HEADERS)[0]);
      request.onload = () => done(request.response);
      request.onerror = failed;
      request.send();
    });
  }

  /* Ask what a step asked, and show what it showed: changes is a list of [ms, what to do]. */
  async function play(step, changes) {
    const mine = (turn += 1);
    const answers = step.requests.map(async (request) => {
      await sleep(request.at);
      await ask(request).catch(() => {});
    });
    const before = (ms) => step.requests.map((request, index) => (request.ends <= ms ? answers[index] : null));
    await Promise.all(changes.map(async ([ms, change]) => {
      await Promise.all([sleep(ms), ...before(ms)]);
      if (mine === turn) change();
    }));
  }

  /* ---- the list ---- */

  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const rowsOf = (html) => all(at["list.row"], parsed(html));
  const routeOf = (row) => "/" + (row.querySelector(at["list.eye"])?.getAttribute("href") || "").replace(/^.*#\/?/, "");
  const dayOf = (row) => all("td", row).map((cell) => DAY.exec(cell.textContent)).find(Boolean)?.slice(1, 4).join("-");
  const pageRows = replay.filtered?.length > 1 ? rowsOf(replay.filtered[0].html).length : Infinity;
  const known = (replay.filtered || []).flatMap((page) => rowsOf(page.html)).filter((row) => routeOf(row) in replay.details);
  let list = { rows: [], page: 0 };

  function showRows(rows, range) {
    find(at["list.table"]).tBodies[0].replaceChildren(...rows.map((row) => document.importNode(row, true)));
    const label = all(at["list.footer"]).find((element) => RANGE.test(element.textContent.trim()) || element.dataset.ovRange);
    label.dataset.ovRange = "1";
    label.textContent = range;
  }

  function showPage() {
    const total = list.rows.length;
    const lower = list.page * pageRows || 0;
    const upper = Math.min(total, lower + pageRows);
    showRows(list.rows.slice(lower, upper), `${total ? lower + 1 : 0} - ${upper} de ${total}`);
    find(at["list.next"]).toggleAttribute("disabled", upper >= total);
    find(at["list.previous"]).toggleAttribute("disabled", lower === 0);
  }

  function search() {
    const [first, last] = [find(FROM).value, find(TO).value];
    const fits = (day) => (!first || first <= day) && (!last || day <= last);
    list = { rows: known.filter((row) => fits(dayOf(row))), page: 0 };
    play(replay.filtered[0], [[replay.filtered[0].shownMs, showPage]]);
  }

  function turnTo(page) {
    list.page = page;
    const step = replay.filtered[Math.min(page, replay.filtered.length - 1)];
    play(step, [[step.shownMs, showPage]]);
  }

  function drawList() {
    draw(replay.list);
    const [rows, label] = [all(at["list.row"]), all(at["list.footer"]).find((element) => RANGE.test(element.textContent.trim()))];
    const range = label ? label.textContent : "0 - 0 de 0";
    showRows([], "0 - 0 de 0");
    play(replay.list, [[replay.list.shownMs, () => showRows(rows, range)]]);
  }

  function unfold(link) {
    const panel = link.closest(".panel, body").querySelector(".panel-collapse");
    if (!panel) return;
    const isOpen = panel.getClientRects().length > 0;
    panel.toggleAttribute(HIDDEN, isOpen);
    panel.style.height = isOpen ? "0px" : "auto";
  }

  function chooseEstado(control) {
    const named = all("md-option").map((option) => option.textContent.trim());
    const overlay = document.body.appendChild(document.createElement("div"));
    overlay.className = "md-select-menu-container md-active";
    const menu = overlay.appendChild(document.createElement("md-select-menu"));
    const backdrop = document.body.appendChild(document.createElement("md-backdrop"));
    backdrop.className = "md-select-backdrop";
    for (const name of new Set(named)) {
      const option = menu.appendChild(document.createElement("md-option"));
      option.textContent = name;
      option.style.display = "block";
      option.addEventListener("click", () => {
        (control.querySelector(at["filter.estado_value"]) || control).textContent = name;
        overlay.remove();
        backdrop.remove();
      });
    }
  }

  /* ---- a detail ---- */

  function blank(cell) {
    all("input, textarea", cell).forEach((control) => { control.value = ""; });
    all(at["detail.attachment"], cell).forEach((link) => link.remove());
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) if (!texts.currentNode.parentElement.closest("textarea")) texts.currentNode.nodeValue = "";
  }

  function drawDetail(detail) {
    draw(detail);
    const cells = all(at["detail.label"]).map((label) => label.nextElementSibling);
    const whole = cells.map((cell) => cell && cell.innerHTML);
    const restore = (index) => { if (cells[index]) cells[index].innerHTML = whole[index]; };
    cells.forEach((cell) => cell && blank(cell));
    const late = Object.entries(detail.late).map(([index, ms]) => [ms, () => restore(Number(index))]);
    const atOnce = () => cells.forEach((_, index) => index in detail.late || restore(index));
    play(detail, [[detail.shownMs, atOnce], ...late]);
  }

  function frameOf(url) {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.src = url;
    return frame;
  }

  function save(url, name) {
    const link = document.createElement("a");
    [link.href, link.download] = [url, name];
    link.click();
  }

  /* Hand a file out as it was: in a hidden frame, a new tab, or fetched, and then saved or shown. */
  function handOut(file) {
    let fetched = Promise.resolve(null);
    for (const request of file.requests) {
      if (request.frame === "popup") {
        window.open(request.url, "_blank");
        continue;
      }
      const hidden = () => { frameOf(request.url).style.display = "none"; };
      const asked = sleep(request.at).then(() => (request.isPage ? hidden() : ask(request)));
      if (request.isFile && !request.isPage) fetched = asked;
    }
    for (const { at: ms, way } of file.ends) {
      Promise.all([fetched, sleep(ms)]).then(([data]) => {
        const url = URL.createObjectURL(data);
        if (way === "save") save(url, file.name);
        else frameOf(url);
      });
    }
  }

  /* ---- what is clicked, and where the address leads ---- */

  function draw(page) {
    document.title = page.title;
    document.body.className = page.bodyClass;
    document.body.innerHTML = page.html;
  }

  function route() {
    const wanted = "/" + location.hash.replace(/^#\/?/, "");
    const detail = replay.details[wanted];
    if (detail) drawDetail(detail);
    else drawList();
  }

  function submit() {
    const form = document.body.appendChild(document.createElement("form"));
    form.method = "post";
    form.action = "/login";
    form.submit();
  }

  const currentDetail = () => replay.details["/" + location.hash.replace(/^#\/?/, "")];
  const uses = [
    ["login.submit", submit],
    ["popup.box", () => find(at["popup.box"]).setAttribute(HIDDEN, "")],
    ["filter.toggle", unfold],
    ["filter.search", search],
    ["list.next", () => turnTo(list.page + 1)],
    ["list.previous", () => turnTo(list.page - 1)],
    ["filter.estado", chooseEstado],
    ["detail.attachment", (link) => handOut(currentDetail().files[all(at["detail.attachment"]).indexOf(link)])],
  ];
  document.addEventListener("click", (event) => {
    for (const [name, use] of uses) {
      const control = event.target.closest(at[name]);
      if (!control) continue;
      event.preventDefault();
      if (!control.disabled) use(control);
      return;
    }
  });

  if (replay.page === "module") {
    if (replay.followsHash) window.addEventListener("hashchange", route);
    route();
  } else if (replay.popupMs !== null && find(at["popup.box"])) {
    find(at["popup.box"]).setAttribute(HIDDEN, "");
    sleep(replay.popupMs).then(() => {
      find(at["popup.box"]).style.display = "block";
      find(at["popup.box"]).removeAttribute(HIDDEN);
    });
  }
})();
