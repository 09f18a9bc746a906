// What the login led to: "in", "rejected", "otp", "blocked", or null while nothing is known yet.
() => {
  const visible = (element) => element && element.getClientRects().length > 0;
  const text = (element) => (element.textContent || "").trim();
  const shown = document.body ? document.body.innerText.slice(0, 2000) : "";
  if (/the request is blocked/i.test(shown)) return "blocked";
  if (visible(document.querySelector('input[id$="_txtOtpCode"]'))) return "otp";
  if (!/login/i.test(location.pathname)) {
    const links = [...document.querySelectorAll("a")].filter(visible).map(text);
    return links.some((link) => /^(inicio|cerrar sesión|salir)$/i.test(link)) ? "in" : null;
  }
  const errors = ".dnnFormMessage, .dnnFormValidationSummary, .alert-danger, .message-error, .error";
  return [...document.querySelectorAll(errors)].some((e) => visible(e) && text(e)) ? "rejected" : null;
}
