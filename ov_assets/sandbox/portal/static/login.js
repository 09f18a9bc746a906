/* The login form: the guard on the password's keys, and the sealing of the credentials before they are posted. */
(function () {
  "use strict";

  var FASTEST_MS = 15; // Keys closer together than this are lost, as on the true page when a program types.
  var form = document.getElementById("Form");
  var every = Number(form.dataset.every);
  var attempts = Number(form.dataset.attempts);
  var lastKey = 0;
  var typed = 0;
  var attempt = 0;

  window.IsValidKey = function (event) {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey) {
      return true; // Only characters count: not Shift, Tab, Backspace or Ctrl+A.
    }
    var before = lastKey;
    lastKey = performance.now();
    if (lastKey - before < FASTEST_MS) {
      return false;
    }
    if (event.target.value === "" || event.target.selectionEnd - event.target.selectionStart === event.target.value.length) {
      attempt += 1;
      typed = 0;
    }
    typed += 1;
    return !(every && attempt <= attempts && typed % every === 0);
  };

  function sealed(nonce, text) {
    var bytes = new TextEncoder().encode(text);
    var out = "";
    for (var i = 0; i < bytes.length; i += 1) {
      out += String.fromCharCode(bytes[i] ^ nonce.charCodeAt(i % nonce.length));
    }
    return btoa(out);
  }

  window.GatewaySubmitsEncryLogin = function (target) {
    var user = target.querySelector("[id$=txtUsername]");
    var password = target.querySelector("[id$=txtPassword]");
    if (user.value === "" || password.value === "") {
      (user.value === "" ? user : password).focus();
      return false;
    }
    target.querySelector("[id$=hidCredenciales]").value = sealed(
      document.getElementById("__OVNonce").value, user.value + "\u0000" + password.value
    );
    // What was typed must not leave the browser in the clear.
    user.removeAttribute("name");
    password.removeAttribute("name");
    return true;
  };
})();
