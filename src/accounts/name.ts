import { text } from '../http/form.ts'

export function nameField() {
  return text('Name', { maxLength: 100 })
}
