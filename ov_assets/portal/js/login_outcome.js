// What the login led to: "left", "rejected", "otp", "blocked", or null while nothing is known yet.
//
// notices: what stood on the page as an error before anything was sent.
(notices) => {
  const visible = (element) => element && element.getClientRects().length > 0;
  const text = (element) => (element.textContent || "").trim();
  const shown = document.body ? document.body.innerText.slice(0, 2000) : "";
  if (/the request is blocked/i.test(shown)) return "blocked";
  if (visible(document.querySelector('input[id$="_txtOtpCode"]'))) return "otp";
  const asksForPassword = [...document.querySelectorAll('input[type="password"]')].some(visible);
  if (!/^https?:$/.test(location.protocol)) return null;
  if (!/login/i.test(location.pathname)) return document.readyState !== "loading" && !asksForPassword ? "left" : null;
  const errors = ".dnnFormMessage, .dnnFormValidationSummary, .alert-danger, .message-error, .error";
  const words = [...document.querySelectorAll(errors)].filter(visible).map(text).filter(Boolean);
  return words.some((word) => !notices.includes(word)) ? "rejected" : null;
}
