/** The layering rule as a table and a picture for docs/architecture.md, out of what dependency-cruiser enforces. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readText, rootDirectory } from './repository.ts'

interface CruiserRule {
  readonly name: string
  readonly to: { readonly pathNot?: string }
}

/** The rooms that each room may import, as `.dependency-cruiser.cjs` has them. */
export function allowedRooms(): ReadonlyMap<string, readonly string[]> {
  const require = createRequire(import.meta.url)
  const { forbidden } = require(join(rootDirectory, '.dependency-cruiser.cjs')) as {
    readonly forbidden: readonly CruiserRule[]
  }
  const roomsByRoom = new Map<string, readonly string[]>()
  for (const { name, to } of forbidden) {
    if (!name.startsWith('rooms:')) continue
    const room = name.slice('rooms:'.length)
    const alternatives = /\((.*)\)/.exec(to.pathNot ?? '')?.[1]?.split('|') ?? []
    roomsByRoom.set(
      room,
      alternatives.filter((other) => other !== room),
    )
  }
  return roomsByRoom
}

export function renderRooms(): string {
  const roomsByRoom = allowedRooms()
  const rows = [...roomsByRoom].map(
    ([room, others]) => `| \`${room}\` | ${description(room)} | ${others.join(', ') || '–'} |`,
  )
  const edges = [...roomsByRoom].flatMap(([room, others]) =>
    directRooms(others, roomsByRoom).map((other) => `  ${room} --> ${other}`),
  )
  return [
    '| room | holds | may import |',
    '|---|---|---|',
    ...rows,
    '',
    '```mermaid',
    'graph BT',
    ...edges,
    '```',
  ].join('\n')
}

/** Those of `rooms` that no other of them leads to: the picture stays readable, the table has them all. */
function directRooms(
  rooms: readonly string[],
  roomsByRoom: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  return rooms.filter((room) => !rooms.some((via) => roomsByRoom.get(via)?.includes(room)))
}

function description(room: string): string {
  return (JSON.parse(readText(`packages/${room}/package.json`)) as { description: string })
    .description
}
