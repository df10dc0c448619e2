import { text } from '../http/form.ts'

/** A person's name, in a form and on the command line: one line, 100 characters at most. */
export function nameField() {
  return text('Name', { most: 100 })
}
