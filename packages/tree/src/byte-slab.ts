/**
 * The memory that paths and data live in: blocks of bytes inside large chunks, so that a million znodes cost the garbage
 * collector nothing and freeing one is a few stores.
 *
 * 1. A block is named by a ref: the number of its first 16-byte unit over all chunks. 0 is no block.
 * 2. A chunk is cut into pages of 64 KiB. A page holds blocks of one size class, or is part of a run of pages that holds one
 *    large block. A page whose last block is freed goes back to be used for any class.
 * 3. Free blocks of a page form a list through their own first two bytes.
 *
 * The first chunk is a short one, as most trees of a process that has many are small: the numbers of its other pages stay
 * unused. What is larger than a chunk gets a chunk of its own, which is dropped when it is freed.
 */
const unitShift = 4
const unitsPerPageShift = 12
const unitsPerPage = 1 << unitsPerPageShift
const pagesPerChunk = 64
const pagesOfFirstChunk = 4
const unitsPerChunkShift = 18
const pageBytes = unitsPerPage << unitShift

/** Units of each size class: every unit up to 16, then four steps a doubling, up to half a page. */
const classUnits: readonly number[] = sizeClasses()
const classByUnits: Uint8Array = classLookup()
const smallUnitsMax = unitsPerPage / 2
const noPage = -1
const noUnit = 0xffff
/** Marks in `#classOfPage` next to the size classes' numbers. */
const freePage = 0xff
const largePage = 0xfe

export class ByteSlab {
  /** Dropped chunks are undefined; their numbers are used again. */
  readonly #chunks: (Uint8Array | undefined)[] = []
  readonly #pages = new PageTable()
  /** For each class the first page that has a free block. */
  readonly #pageWithRoomByClass = new Int32Array(classUnits.length).fill(noPage)
  #firstFreePage = noPage
  #usedBytes = 0

  /** Bytes in blocks, rounding included. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Bytes taken from the platform. */
  get reservedBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + (chunk?.length ?? 0), 0)
  }

  /** The chunk that a block is in; its bytes start at {@link offsetOf}. */
  chunkOf(ref: number): Uint8Array {
    return this.#chunks[ref >>> unitsPerChunkShift]!
  }

  offsetOf(ref: number): number {
    return (ref & ((1 << unitsPerChunkShift) - 1)) << unitShift
  }

  /** A block of at least `length` bytes; 0 for a length of 0. */
  allocate(length: number): number {
    if (length === 0) return 0
    const units = (length + 15) >>> unitShift
    if (units > smallUnitsMax) return this.#allocateLarge(length)
    const sizeClass = classByUnits[units]!
    this.#usedBytes += classUnits[sizeClass]! << unitShift
    let page = this.#pageWithRoomByClass[sizeClass]!
    if (page === noPage) page = this.#openPage(sizeClass)
    return this.#takeBlock(page, sizeClass)
  }

  /** @param length what the block was allocated for */
  free(ref: number, length: number): void {
    if (ref === 0) return
    const page = ref >>> unitsPerPageShift
    const sizeClass = this.#pages.sizeClass[page]!
    if (sizeClass === largePage) {
      this.#freeLarge(page, length)
      return
    }
    this.#usedBytes -= classUnits[sizeClass]! << unitShift
    this.#giveBlock(ref, page, sizeClass)
  }

  #takeBlock(page: number, sizeClass: number): number {
    const pages = this.#pages
    const units = classUnits[sizeClass]!
    let unit = pages.freeUnit[page]!
    if (unit === noUnit) {
      unit = pages.untouchedUnit[page]!
      pages.untouchedUnit[page] = unit + units
    } else {
      const chunk = this.#chunks[page >>> 6]!
      const at = ((page & 63) << 16) + (unit << unitShift)
      pages.freeUnit[page] = chunk[at]! | (chunk[at + 1]! << 8)
    }
    pages.usedBlocks[page]!++
    const isFull =
      pages.freeUnit[page] === noUnit && pages.untouchedUnit[page]! + units > unitsPerPage
    if (isFull) this.#unlink(page, sizeClass)
    return page * unitsPerPage + unit
  }

  #giveBlock(ref: number, page: number, sizeClass: number): void {
    const pages = this.#pages
    const units = classUnits[sizeClass]!
    const wasFull =
      pages.freeUnit[page] === noUnit && pages.untouchedUnit[page]! + units > unitsPerPage
    const chunk = this.chunkOf(ref)
    const at = this.offsetOf(ref)
    const next = pages.freeUnit[page]!
    chunk[at] = next
    chunk[at + 1] = next >>> 8
    pages.freeUnit[page] = ref & (unitsPerPage - 1)
    pages.usedBlocks[page]!--
    if (pages.usedBlocks[page] === 0) {
      if (!wasFull) this.#unlink(page, sizeClass)
      this.#putFreePage(page)
    } else if (wasFull) this.#link(page, sizeClass)
  }

  #openPage(sizeClass: number): number {
    if (this.#firstFreePage === noPage) this.#addChunk()
    const page = this.#firstFreePage
    this.#removeFreePage(page)
    const pages = this.#pages
    pages.sizeClass[page] = sizeClass
    pages.freeUnit[page] = noUnit
    // Unit 0 of the first page stays unused, so that no block has the ref 0.
    pages.untouchedUnit[page] = page === 0 ? classUnits[sizeClass]! : 0
    pages.usedBlocks[page] = 0
    this.#link(page, sizeClass)
    return page
  }

  #allocateLarge(length: number): number {
    const pageCount = Math.ceil(length / pageBytes)
    const first = pageCount > pagesPerChunk ? this.#addOwnChunk(length) : this.#findRun(pageCount)
    const own = Math.min(pageCount, pagesPerChunk)
    for (let page = first; page < first + own; page++) {
      if (pageCount <= pagesPerChunk) this.#removeFreePage(page)
      this.#pages.sizeClass[page] = largePage
    }
    this.#usedBytes += pageCount * pageBytes
    return first * unitsPerPage
  }

  #freeLarge(first: number, length: number): void {
    const pageCount = Math.ceil(length / pageBytes)
    this.#usedBytes -= pageCount * pageBytes
    if (pageCount > pagesPerChunk) {
      this.#chunks[first >>> 6] = undefined
      return
    }
    for (let page = first; page < first + pageCount; page++) this.#putFreePage(page)
  }

  /** The first run of free pages inside one chunk; page 0 is never part of one (ref 0 is no block). */
  #findRun(pageCount: number): number {
    const { sizeClass } = this.#pages
    for (let chunk = 0; chunk < this.#chunks.length; chunk++) {
      let run = 0
      for (let page = chunk * pagesPerChunk; page < (chunk + 1) * pagesPerChunk; page++) {
        run = page > 0 && sizeClass[page] === freePage ? run + 1 : 0
        if (run === pageCount) return page - pageCount + 1
      }
    }
    // The next chunk that is added is a whole one, or the one after it.
    this.#addChunk()
    return this.#findRun(pageCount)
  }

  #addChunk(): void {
    const pageCount = this.#chunks.length === 0 ? pagesOfFirstChunk : pagesPerChunk
    const first = this.#chunkNumber(new Uint8Array(pageCount * pageBytes)) * pagesPerChunk
    for (let page = first + pageCount - 1; page >= first; page--) this.#putFreePage(page)
  }

  #addOwnChunk(length: number): number {
    if (this.#chunks.length === 0) this.#addChunk()
    return this.#chunkNumber(new Uint8Array(length)) * pagesPerChunk
  }

  #chunkNumber(bytes: Uint8Array): number {
    const hole = this.#chunks.indexOf(undefined)
    const chunk = hole === -1 ? this.#chunks.length : hole
    this.#chunks[chunk] = bytes
    this.#pages.growTo((chunk + 1) * pagesPerChunk)
    return chunk
  }

  #putFreePage(page: number): void {
    this.#pages.sizeClass[page] = freePage
    this.#pages.linkBefore(page, this.#firstFreePage)
    this.#firstFreePage = page
  }

  #removeFreePage(page: number): void {
    if (this.#firstFreePage === page) this.#firstFreePage = this.#pages.next[page]!
    this.#pages.unlink(page)
  }

  #link(page: number, sizeClass: number): void {
    this.#pages.linkBefore(page, this.#pageWithRoomByClass[sizeClass]!)
    this.#pageWithRoomByClass[sizeClass] = page
  }

  #unlink(page: number, sizeClass: number): void {
    if (this.#pageWithRoomByClass[sizeClass] === page)
      this.#pageWithRoomByClass[sizeClass] = this.#pages.next[page]!
    this.#pages.unlink(page)
  }
}

/** What is known of each page, in columns. A page is in one list at most: the free ones, or those of its class with room. */
class PageTable {
  sizeClass = new Uint8Array(0)
  freeUnit = new Uint16Array(0)
  untouchedUnit = new Uint16Array(0)
  usedBlocks = new Uint16Array(0)
  next = new Int32Array(0)
  previous = new Int32Array(0)

  growTo(count: number): void {
    if (count <= this.sizeClass.length) return
    const capacity = Math.max(count, 2 * this.sizeClass.length)
    this.sizeClass = extend(new Uint8Array(capacity).fill(largePage), this.sizeClass)
    this.freeUnit = extend(new Uint16Array(capacity), this.freeUnit)
    this.untouchedUnit = extend(new Uint16Array(capacity), this.untouchedUnit)
    this.usedBlocks = extend(new Uint16Array(capacity), this.usedBlocks)
    this.next = extend(new Int32Array(capacity), this.next)
    this.previous = extend(new Int32Array(capacity), this.previous)
  }

  linkBefore(page: number, head: number): void {
    this.next[page] = head
    this.previous[page] = noPage
    if (head !== noPage) this.previous[head] = page
  }

  unlink(page: number): void {
    const next = this.next[page]!
    const previous = this.previous[page]!
    if (next !== noPage) this.previous[next] = previous
    if (previous !== noPage) this.next[previous] = next
  }
}

function extend<T extends Uint8Array | Uint16Array | Int32Array>(larger: T, smaller: T): T {
  larger.set(smaller)
  return larger
}

function sizeClasses(): number[] {
  const units = Array.from({ length: 16 }, (_, i) => i + 1)
  for (let step = 4; units.at(-1)! < unitsPerPage / 2; step *= 2) {
    for (let i = 1; i <= 4; i++) units.push(step * 4 + i * step)
  }
  return units
}

function classLookup(): Uint8Array {
  const lookup = new Uint8Array(unitsPerPage / 2 + 1)
  let sizeClass = 0
  for (let units = 1; units < lookup.length; units++) {
    if (units > classUnits[sizeClass]!) sizeClass++
    lookup[units] = sizeClass
  }
  return lookup
}
