/** The disk of the commands that look at files: nothing else waits for them, so their syncs may block. */
import { LogError } from '@quorate/log'
import { NodeDisk } from '@quorate/server'

export const toolDisk: NodeDisk = new NodeDisk({ chooseSyncMode: () => 'blocking' })

/** What is wrong with the file, with its path. */
export function problemText(path: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof LogError && error.file !== undefined ? message : `${path}: ${message}`
}
