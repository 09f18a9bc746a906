// The three filter controls as they will be sent: [estado, from, to], a date as null while it isn't taken in.
//
// md-datepicker turns typed text into the filter's value 500 ms later; its own control tells when it has.
(pages) => () => {
  const [estado, from, to] = ["estado", "from", "to"].map((name) => document.querySelector(pages[`filter.${name}`]));
  const two = (number) => String(number).padStart(2, "0");
  const iso = (day) =>
    day instanceof Date ? `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}` : null;
  const picked = (element) => {
    const shown = element.querySelector(pages["filter.date_input"]).value;
    const control = window.angular && window.angular.element(element).controller("ngModel");
    return control && iso(control.$modelValue) !== shown ? null : shown;
  };
  const chosen = estado.querySelector(pages["filter.estado_value"]) || estado;
  return [chosen.textContent.trim(), picked(from), picked(to)];
}
