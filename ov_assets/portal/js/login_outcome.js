// What the login led to: "left", "rejected", "otp", "blocked", or null while nothing is known yet.
//
// notices: what stood on the page as an error before anything was sent.
(pages) => (notices) => {
  const visible = (element) => element && element.getClientRects().length > 0;
  const text = (element) => (element.textContent || "").trim();
  const shown = document.body ? document.body.innerText.slice(0, 2000) : "";
  if (shown.toLowerCase().includes(pages["login.blocked_text"])) return "blocked";
  if (visible(document.querySelector(pages["login.otp"]))) return "otp";
  const asksForPassword = [...document.querySelectorAll(pages["login.any_password"])].some(visible);
  if (!/^https?:$/.test(location.protocol)) return null;
  const isLogin = location.pathname.toLowerCase().includes(pages["routes.login"].toLowerCase());
  if (!isLogin) return document.readyState !== "loading" && !asksForPassword ? "left" : null;
  const words = [...document.querySelectorAll(pages["login.errors"])].filter(visible).map(text).filter(Boolean);
  return words.some((word) => !notices.includes(word)) ? "rejected" : null;
}
