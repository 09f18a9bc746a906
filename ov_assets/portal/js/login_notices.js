// What stands on the login page as an error already, before anything is sent.
(pages) => () =>
  [...document.querySelectorAll(pages["login.errors"])].map((element) => (element.textContent || "").trim())
