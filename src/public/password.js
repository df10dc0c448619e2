// Without this script the buttons stay hidden and the fields are ordinary password fields.
for (const button of document.querySelectorAll('button.shows')) {
  const input = document.getElementById(button.getAttribute('aria-controls'))
  const show = (shown) => {
    input.type = shown ? 'text' : 'password'
    button.firstChild.data = shown ? 'Hide' : 'Show'
  }
  button.addEventListener('click', () => show(input.type === 'password'))
  // A field sent as text would be remembered by the browser among what was typed.
  input.form?.addEventListener('submit', () => show(false))
  button.hidden = false
}
