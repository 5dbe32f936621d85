/** The examples of the READMEs, the guides and the pages of the recipes run: each TypeScript block, as it stands, against a server of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { exists, filesBelow, readText, roomNames, rootDirectory } from '../repository.ts'

const pages = [
  'README.md',
  ...roomNames().map((room) => `packages/${room}/README.md`),
  ...filesBelow('docs/guides', '.md'),
  ...filesBelow('docs/recipes', '.md'),
]
/** Where examples look for a server. */
const documentedAddress = /(127\.0\.0\.1|localhost):2181/g

for (const page of pages.filter((path) => exists(path))) {
  const examples = [...readText(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, code]) => code!,
  )
  for (const [i, code] of examples.entries()) {
    test(`${page}: example ${i + 1} runs`, { timeout: 60_000 }, async () => {
      if (code.search(documentedAddress) >= 0) await withServer((address) => runCode(code, address))
      else await runCode(code, '')
    })
  }
}

async function runCode(code: string, address: string): Promise<void> {
  const text = code.replaceAll(documentedAddress, address)
  const args = ['--conditions=source', '--input-type=module-typescript', '--eval', text]
  // From the root every room can be imported by its name.
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: rootDirectory })
  assert.equal(stderr, '')
}

async function withServer(use: (address: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-example-'))
  const main = join(rootDirectory, 'packages/cli/src/main.ts')
  const server = spawn(
    process.execPath,
    ['--conditions=source', main, 'server', '--data-dir', directory, '--client-port', '0'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    await use(await servingAddress(server))
  } finally {
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    await exited
    rmSync(directory, { recursive: true })
  }
}

/** Reads the server's log until it says where it serves. */
async function servingAddress(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    const event = JSON.parse(line) as { code?: string; address?: string; port?: number }
    if (event.code === 'SERVER_SERVING') return `${event.address}:${event.port}`
  }
  throw new Error('the server ended before it served')
}
