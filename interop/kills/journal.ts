/** What one worker has said so far, read from its file as it grows. */
import { closeSync, openSync, readSync } from 'node:fs'
import type { Said, Word } from './words.ts'

const chunkBytes = 1 << 16

/** What a worker holds, by its own account. */
export interface HeldNow {
  readonly lock: string
  readonly path: string
}

export class Journal {
  readonly said: Said[] = []
  readonly #file: string
  readonly #held = new Map<string, HeldNow>()
  readonly #givenBackAtUs = new Map<string, number>()
  readonly #last = new Map<Word['type'], Word>()
  #position = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(file: string) {
    this.#file = file
  }

  /** Reads what has come. A line that a kill cut off stays unread. */
  read(): void {
    let fd: number
    try {
      fd = openSync(this.#file, 'r')
    } catch {
      return
    }
    try {
      const chunk = Buffer.alloc(chunkBytes)
      for (let length = -1; length !== 0; this.#position += length) {
        length = readSync(fd, chunk, 0, chunkBytes, this.#position)
        this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, length)])
      }
    } finally {
      closeSync(fd)
    }
    const end = this.#rest.lastIndexOf(0x0a)
    const lines = this.#rest.subarray(0, end + 1).toString('utf8')
    this.#rest = this.#rest.subarray(end + 1)
    for (const line of lines.split('\n')) if (line !== '') this.#note(JSON.parse(line) as Said)
  }

  /** What was granted and not given back. */
  get held(): readonly HeldNow[] {
    return [...this.#held.values()]
  }

  /** When it last gave this lock back. */
  givenBackAtUs(lock: string): number | undefined {
    return this.#givenBackAtUs.get(lock)
  }

  /** The last word of the type. */
  readonly last = <T extends Word['type']>(
    type: T,
  ): Extract<Word, { readonly type: T }> | undefined =>
    this.#last.get(type) as Extract<Word, { readonly type: T }> | undefined

  #note(said: Said): void {
    const { atUs, word } = said
    this.said.push(said)
    this.#last.set(word.type, word)
    if (word.type === 'granted') this.#held.set(word.path, word)
    else if (word.type === 'gaveBack') {
      const held = this.#held.get(word.path)
      if (held !== undefined) this.#givenBackAtUs.set(held.lock, atUs)
      this.#held.delete(word.path)
    } else if (word.type === 'began') {
      this.#held.clear()
      this.#last.delete('rested')
    }
  }
}
