// Whether something left by an attachment's viewer lies over the page.
() => Boolean(document.querySelector('.modal.in, .modal[style*="block"], md-dialog, iframe'))
