// Whether the page has the input of the claim number and nothing stands in it (yet).
() => {
  const box = document.querySelector('input[name="NumeroReclamoSGC"]');
  return Boolean(box) && !box.value;
}
