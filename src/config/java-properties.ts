/**
 * Java's text forms for settings: `.properties` files, and the options of a JAAS login module.
 * Forms: `java.util.Properties.load`, and `javax.security.auth.login.Configuration`.
 */
export type Properties = Map<string, string>

/** The last of equal keys counts. */
export function parseProperties(text: string): Properties {
  const properties: Properties = new Map()
  for (const line of logicalLines(text)) {
    const parts = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s.exec(line)
    if (parts !== null) properties.set(unescaped(parts[1] ?? ''), unescaped(parts[2] ?? ''))
  }
  return properties
}

/** Lines without comments, each with those that a backslash at its end continues. */
function logicalLines(text: string): string[] {
  const lines: string[] = []
  let open: string | null = null
  for (const line of text.split(/\r\n|\r|\n/)) {
    const content = line.trimStart()
    if (open === null && (content === '' || content.startsWith('#') || content.startsWith('!'))) continue
    const whole: string = (open ?? '') + content
    const isContinued = /(?:^|[^\\])(?:\\\\)*\\$/.test(whole)
    open = isContinued ? whole.slice(0, -1) : null
    if (!isContinued) lines.push(whole)
  }
  return open === null ? lines : [...lines, open]
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9A-Fa-f]{4})|(.))/gs, (_, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** `some.LoginModule required username="a" password="b";` → its options. A quote in a value is written `\"`. */
export function parseJaasOptions(text: string): Properties {
  const options: Properties = new Map()
  for (const [, name = '', quoted, plain] of text.matchAll(/(\w+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;"]+))/gs)) {
    options.set(name, quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/gs, '$1'))
  }
  return options
}
