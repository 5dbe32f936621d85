/**
 * The files that hold a membership beside zoo.cfg, as Apache ZooKeeper names and writes them:
 *
 *     zoo.cfg.dynamic.<hex version>   in force; the version is in the name and must not be within
 *     zoo.cfg.dynamic.next            the last one proposed, with its version within
 *
 * Lines are sorted and joined by \n, without one at the end. Another name may be given with `dynamicConfigFile`; what stands behind
 * its last dot is the version where it is a number in hex, else the version is 0.
 */
import type { Membership } from '@quorate/consensus'
import { formatZxid, type Zxid } from '@quorate/protocol'
import { ConfigError } from '../config/config-problem.ts'
import { parseZooCfg } from '../config/zoo-cfg.ts'
import { membershipOfLines } from './membership-lines.ts'

export interface MembershipText {
  readonly path: string
  readonly text: string
  /** Whether a server may have several addresses. */
  readonly isMultiAddressEnabled: boolean
}

export function dynamicFilePath(configFile: string, version: Zxid): string {
  return `${configFile}.dynamic.${formatZxid(version)}`
}

export function nextFilePath(configFile: string): string {
  return `${configFile}.dynamic.next`
}

/** @throws ConfigError */
export function parseDynamicFile(file: MembershipText): Membership {
  return parseFile(file, versionOfPath(file.path))
}

/** @throws ConfigError */
export function parseNextFile(file: MembershipText): Membership {
  return parseFile(file, undefined)
}

export function formatDynamicFile({ text }: Membership): string {
  const lines = text.split('\n').filter((line) => !line.startsWith('version='))
  return sorted(lines)
}

export function formatNextFile({ text }: Membership): string {
  return sorted(text.split('\n'))
}

/** In the order of their characters' numbers, like Java's. What the reader would take for an escape is escaped. */
function sorted(lines: readonly string[]): string {
  return lines
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .join('\n')
    .replaceAll('\\', '\\\\')
}

/** @param version undefined: it stands within */
function parseFile(file: MembershipText, version: Zxid | undefined): Membership {
  const { path, isMultiAddressEnabled } = file
  const entries = parseZooCfg(file.text, path)
  // A key that comes again has its last value.
  const byName = new Map(entries.map((entry) => [entry.key, entry]))
  const versionEntry = byName.get('version')
  if (versionEntry !== undefined && version !== undefined) {
    throw new ConfigError(
      'CONFIG_MEMBERSHIP_INVALID',
      `${path} line ${versionEntry.line}: found version=${versionEntry.value}; a dynamic configuration file has its version in its name (zoo.cfg.dynamic.<hex>); remove the line`,
    )
  }
  byName.delete('version')
  for (const { key, line } of byName.values()) {
    if (/^(server|group|weight)\./.test(key)) continue
    throw new ConfigError(
      'CONFIG_MEMBERSHIP_INVALID',
      `${path} line ${line}: found the key ${key}; a dynamic configuration file has server.N, group.N and weight.N only; other keys belong in zoo.cfg`,
    )
  }
  const lines = [...byName.values()].map(({ key, value, line }) => ({
    name: key,
    value,
    source: { origin: path, line },
  }))
  return membershipOfLines(lines, {
    version: version ?? versionOf(versionEntry?.value ?? '0', path),
    isMultiAddressEnabled,
    origin: path,
  })
}

function versionOfPath(path: string): Zxid {
  const suffix = path.slice(path.lastIndexOf('.') + 1)
  return path.includes('.') && /^[0-9a-f]{1,16}$/i.test(suffix) ? versionOf(suffix, path) : 0
}

function versionOf(hex: string, path: string): Zxid {
  const version = /^[0-9a-f]{1,16}$/i.test(hex) ? Number.parseInt(hex, 16) : Number.NaN
  if (Number.isSafeInteger(version)) return version
  throw new ConfigError(
    'CONFIG_MEMBERSHIP_INVALID',
    `${path}: found the version ${hex}; a zxid in hex is expected, of an epoch below 2^21`,
  )
}
