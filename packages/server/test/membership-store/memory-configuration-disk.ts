/** A disk for configuration files that tells what it held between any two of its steps. */
import type { ConfigurationDisk } from '../../src/membership-store/configuration-disk.ts'

export class MemoryConfigurationDisk implements ConfigurationDisk {
  failsWrites = false
  readonly #files: Map<string, string>
  #moments: MemoryConfigurationDisk[] | undefined

  constructor(files: Readonly<Record<string, string>>) {
    this.#files = new Map(Object.entries(files))
  }

  names(): readonly string[] {
    return [...this.#files.keys()].toSorted()
  }

  text(path: string): string | undefined {
    return this.#files.get(path)
  }

  read(path: string): Uint8Array | undefined {
    const text = this.#files.get(path)
    return text === undefined ? undefined : Buffer.from(text)
  }

  replace(path: string, bytes: Uint8Array): void {
    if (this.failsWrites) throw new Error('EROFS: read-only file system')
    this.#changed(() => this.#files.set(path, Buffer.from(bytes).toString()))
  }

  remove(path: string): void {
    if (this.failsWrites) throw new Error('EROFS: read-only file system')
    this.#changed(() => this.#files.delete(path))
  }

  /** What the disk holds before the change, after each of its steps, and in the end. */
  momentsOf(change: () => void): readonly MemoryConfigurationDisk[] {
    const moments = [this.#copy()]
    this.#moments = moments
    change()
    this.#moments = undefined
    return moments
  }

  #changed(apply: () => void): void {
    apply()
    this.#moments?.push(this.#copy())
  }

  #copy(): MemoryConfigurationDisk {
    return new MemoryConfigurationDisk(Object.fromEntries(this.#files))
  }
}
