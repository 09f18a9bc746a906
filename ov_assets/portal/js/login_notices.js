// What stands on the login page as an error already, before anything is sent.
() =>
  [...document.querySelectorAll(".dnnFormMessage, .dnnFormValidationSummary, .alert-danger, .message-error, .error")]
    .map((element) => (element.textContent || "").trim());
