/** Which paths each connection watches recursively: what a reply without an error to addWatch or setWatches2 means. */
import { OpCode } from '@quorate/protocol'
import { type Request, textBytes } from './request.ts'

export class WatchModel {
  #root = ''
  readonly #recursivePathsBySlot = new Map<number, Set<string>>()

  beginRound(root: string): void {
    this.#root = root
    this.#recursivePathsBySlot.clear()
  }

  answered(slot: number, { body }: Request): void {
    if (body.type === OpCode.addWatch && 'mode' in body && body.mode === 1)
      this.#add(slot, body.path)
    if (body.type === OpCode.setWatches2 && 'lists' in body)
      for (const path of body.lists[4] ?? []) this.#add(slot, path)
    if (body.type === OpCode.removeWatches && 'mode' in body)
      this.#recursivePathsBySlot.get(slot)?.delete(this.#text(body.path) ?? '')
  }

  closed(slot: number): void {
    this.#recursivePathsBySlot.delete(slot)
  }

  isWatchedRecursively(slot: number, path: string): boolean {
    for (const watched of this.#recursivePathsBySlot.get(slot) ?? [])
      if (watched === '/' || path === watched || path.startsWith(`${watched}/`)) return true
    return false
  }

  #add(slot: number, path: Parameters<typeof textBytes>[0] | null): void {
    const text = this.#text(path)
    if (text === undefined) return
    const paths = this.#recursivePathsBySlot.get(slot) ?? new Set()
    this.#recursivePathsBySlot.set(slot, paths.add(text))
  }

  #text(path: Parameters<typeof textBytes>[0] | null): string | undefined {
    return path === null ? undefined : Buffer.from(textBytes(path, this.#root)).toString()
  }
}
