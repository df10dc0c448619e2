// A double click would send a form twice. Without this script the server still answers both the same.
/** After this long without an answer a person may try again, also where the browser's Stop was pressed. */
const RETRY_AFTER_MS = 10_000
const sent = new Set()

function release(form) {
  sent.delete(form)
  for (const button of form.querySelectorAll('button')) button.removeAttribute('aria-disabled')
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (sent.has(form)) {
    event.preventDefault()
    return
  }
  sent.add(form)
  // Not `disabled`: a disabled button's own value is left out of what is sent.
  for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true')
  setTimeout(release, RETRY_AFTER_MS, form)
})

// Back to a page that the browser kept as it was.
addEventListener('pageshow', (event) => {
  if (event.persisted) for (const form of [...sent]) release(form)
})
