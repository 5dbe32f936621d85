/** docs/reference/configuration.md out of the server room's table of keys. */
import { type ConfigArea, type ConfigKey, configKeys, describeKind } from '@quorate/server'

const titles: Readonly<Record<ConfigArea, string>> = {
  basic: 'Basics',
  storage: 'Storage',
  requests: 'Requests and connections',
  quorum: 'Quorum',
  security: 'Authentication and TLS',
  operation: 'Operation',
}

export function renderConfiguration(): string {
  const active = configKeys.filter(({ acts }) => acts)
  const inert = configKeys.filter(({ acts }) => !acts)
  const areas = Object.entries(titles) as [ConfigArea, string][]
  return [
    ...areas.flatMap(([area, title]) =>
      section(
        title,
        active.filter((key) => key.area === area),
      ),
    ),
    '## Keys without effect in this version',
    '',
    'They are read, so that a configuration for Apache ZooKeeper can be used as it is. What a value other than the default does: *note* writes an info line, *warn* a warning; *refuse* stops the start, because going on would be less safe than what was asked for. A standalone server only notes the keys of ensembles.',
    '',
    '| key | default | on another value | why |',
    '|---|---|---|---|',
    ...inert.map(
      (key) =>
        `| \`${key.name}\` | ${defaultOf(key)} | ${key.whenInert} | ${cell(key.reason ?? '')} |`,
    ),
  ].join('\n')
}

function section(title: string, keys: readonly ConfigKey[]): readonly string[] {
  if (keys.length === 0) return []
  return [
    `## ${title}`,
    '',
    '| key | default | allowed | meaning |',
    '|---|---|---|---|',
    ...keys.map(
      (key) =>
        `| \`${key.name}\` | ${defaultOf(key)} | ${cell(describeKind(key.kind))} | ${cell(key.doc + ensembleNote(key) + propertyNote(key))} |`,
    ),
    '',
  ]
}

function defaultOf(key: ConfigKey): string {
  return key.default === undefined || key.default === '' ? '–' : `\`${cell(key.default)}\``
}

/** A standalone server writes an info line for such a key. */
function ensembleNote({ isOfEnsembles }: ConfigKey): string {
  return isOfEnsembles ? ' Ensembles only.' : ''
}

/** Only where the rule (`zookeeper.` and the key) does not give the property. */
function propertyNote({ name, property }: ConfigKey): string {
  if (property === `zookeeper.${name}`) return ''
  return property === undefined ? ' No system property.' : ` System property: \`${property}\`.`
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`)
}
