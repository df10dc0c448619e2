// A second click would send a form a second time: it is ignored until the page is shown again. Buttons are not disabled:
// the browser would leave out the name and value of the one that was clicked, and take the focus from it.
const RETRY_AFTER_MS = 10_000
const set = (element, name, on) => (on ? element.setAttribute(name, 'true') : element.removeAttribute(name))
const mark = (form, busy) => {
  set(form, 'aria-busy', busy)
  for (const button of form.querySelectorAll('button:not([type=button])')) set(button, 'aria-disabled', busy)
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (event.defaultPrevented || form.getAttribute('method') !== 'post') return
  if (form.getAttribute('aria-busy') === 'true') event.preventDefault()
  else {
    mark(form, true)
    // The browser's Stop leaves the page as it is, and fires no event.
    setTimeout(mark, RETRY_AFTER_MS, form, false)
  }
})

// Back in the browser's history, which shows the page as it was left.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[aria-busy]')) mark(form, false)
})
