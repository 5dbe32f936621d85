/**
 * System properties from JVMFLAGS and SERVER_JVMFLAGS. Start scripts written for Apache ZooKeeper hand settings to the
 * server as `-Dname=value` in these variables; everything else in them is for a Java machine and is passed over.
 */
export interface SystemProperty {
  readonly name: string
  readonly value: string
  /** The variable it stands in. */
  readonly origin: string
}

export function parseJvmFlags(flags: string, origin: string): readonly SystemProperty[] {
  const properties: SystemProperty[] = []
  for (const word of splitWords(flags)) {
    if (!word.startsWith('-D') || word.length === 2) continue
    const equals = word.indexOf('=')
    // As in Java, a property without a value is empty.
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals)
    properties.push({ name, value: equals === -1 ? '' : word.slice(equals + 1), origin })
  }
  return properties
}

/** Splits as a shell would: at spaces that are not within single or double quotes. */
function splitWords(text: string): readonly string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    words.push(
      word.replaceAll(
        /"([^"]*)"|'([^']*)'/g,
        (_, double?: string, single?: string) => double ?? single ?? '',
      ),
    )
  }
  return words
}
