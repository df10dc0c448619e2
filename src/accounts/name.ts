import { text } from '../http/form.ts'

/** For the form and the command line: one line, 100 characters at most. */
export function nameField() {
  return text('Name', { most: 100 })
}
