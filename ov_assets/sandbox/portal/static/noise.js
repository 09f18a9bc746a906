/* What a page asks for beside its work: notices, counters, a poll that waits, a ping, other people's services. */
(function () {
  "use strict";

  var kinds = window.PORTAL.ruido || [];
  var asked = 0;

  function ask(kind) {
    var host = kind.indexOf("foreign_") === 0 ? "http://localhost:" + location.port : "";
    return fetch(host + "/DesktopModules/Avisos/API/" + kind + "?_=" + (asked += 1) + Date.now(), { credentials: "omit" }).then(function (answer) { return answer.text(); }).catch(function () {});
  }

  function notice() {
    kinds.forEach(function (kind) { if (kind !== "ping" && kind !== "long_poll") { ask(kind); } });
  }

  function poll() { ask("long_poll").then(poll); }

  notice();
  window.addEventListener("hashchange", notice);
  if (kinds.indexOf("long_poll") >= 0) { poll(); }
  if (kinds.indexOf("ping") >= 0) { setInterval(function () { ask("ping"); }, 250); }
})();
