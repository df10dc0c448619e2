import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'

/** The part of an element that the script uses. */
function element(attributes: Record<string, string> = {}, buttons: readonly object[] = []) {
  return {
    attributes,
    getAttribute: (name: string) => attributes[name] ?? null,
    setAttribute(name: string, value: string) {
      attributes[name] = value
    },
    removeAttribute(name: string) {
      delete attributes[name]
    },
    querySelectorAll: () => buttons,
  }
}

function pageWith(method: string) {
  const button = element()
  const form = element({ method }, [button])
  const window = new EventTarget()
  const document = Object.assign(new EventTarget(), { querySelectorAll: () => [form] })
  const addEventListener = window.addEventListener.bind(window)
  const script = readFileSync(join(import.meta.dirname, '../public/submit-once.js'), 'utf8')
  const timers: (() => void)[] = []
  const setTimeout = (run: (...args: unknown[]) => void, _ms: number, ...args: unknown[]) =>
    timers.push(() => run(...args))
  runInNewContext(script, { document, addEventListener, setTimeout })
  return {
    form,
    button,
    /** Whether the browser submits the form. */
    submit() {
      const event = Object.defineProperty(new Event('submit', { cancelable: true }), 'target', { value: form })
      return document.dispatchEvent(event)
    },
    pass: () => {
      for (const run of timers.splice(0)) run()
    },
    show: () => window.dispatchEvent(new Event('pageshow')),
  }
}

test('a form is submitted once, however often its button is pressed, until the page is shown again', () => {
  const { submit, show } = pageWith('post')
  assert.deepEqual([submit(), submit(), submit()], [true, false, false])
  show()
  assert.deepEqual([submit(), submit()], [true, false])
})

test('a form without a response can be submitted again after ten seconds', () => {
  const { submit, pass } = pageWith('post')
  assert.deepEqual([submit(), submit()], [true, false])
  pass()
  assert.equal(submit(), true)
})

test('a submitted form shows that it is busy, and its button keeps its name and value', () => {
  const { form, button, submit, show } = pageWith('post')
  submit()
  assert.equal(form.attributes['aria-busy'], 'true')
  assert.deepEqual(button.attributes, { 'aria-disabled': 'true' })
  show()
  assert.deepEqual([form.attributes, button.attributes], [{ method: 'post' }, {}])
})

test('a GET form can be submitted any number of times', () => {
  const { submit } = pageWith('get')
  assert.deepEqual([submit(), submit()], [true, true])
})
