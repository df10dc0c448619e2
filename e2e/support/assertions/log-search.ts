export interface Line {
  /** `app-1.log`, `access.log`. */
  readonly file: string
  readonly text: string
}

/** The lines of `cluster.logs()`, each with its file's name. */
export function linesOf(logs: string): readonly Line[] {
  const lines: Line[] = []
  let file = ''
  for (const text of logs.split('\n')) {
    const heading = /^==> (.+) <==$/.exec(text)?.[1]
    if (heading !== undefined) file = heading
    else if (text !== '') lines.push({ file, text })
  }
  return lines
}

/** The names of the texts that a line holds, as they are or escaped. */
export function found(line: Line, secrets: ReadonlyMap<string, string>): readonly string[] {
  const searched = `${line.text}\n${unescaped(line.text)}`
  return [...secrets].filter(([, text]) => searched.includes(text)).map(([name]) => name)
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(
      text.replace(/\\u([\da-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
    )
  } catch {
    return text
  }
}

/** Whether a line holds a character that controls a terminal or begins another line. */
export function hasControl({ text }: Line): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the search is for them
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)
}
