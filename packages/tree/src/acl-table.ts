/**
 * The ACL lists of the tree, each held once and known to nodes by a number (ReferenceCountedACLCache in Apache ZooKeeper).
 * Most trees have a handful of lists and a great many nodes.
 *
 * 1. An id means the same list for as long as it is in use, and is never given to another list: ids only grow.
 * 2. Id −1 is the open ACL of /, /zookeeper and /zookeeper/quota. It is in no snapshot's table and is not counted. The
 *    same list given to an ordinary node gets an ordinary id.
 * 3. A list has one id, but for a loaded table that has it twice: then the first is found.
 * 4. A node whose list is not known is open to nobody: {@link AclTable.loadLost}.
 * 5. Of the lists that no node refers to, the {@link unreferencedMax} youngest stay, so that a list need not be referred to at
 *    once after it was interned. While a hold is on, all of them stay.
 *
 * Lists are found by their encoding, which is how requests and transactions bring them: neither decodes a list that is
 * known already.
 */
import { type Acl, aclList, encode, JuteReader, type JuteWriter, openAcl } from '@quorate/protocol'
import { aclSchemes, fixAcl, openPermsOf } from './acl-check.ts'
import { HashedPathMap } from './hashed-path-map.ts'
import { pathHash } from './path-hash.ts'

export const openAclId = -1

const unreferencedMax = 32
/** Nodes keep the ids of their lists in 32 bits. */
const loadedIdMax = 0x7fff_0000
/** Grants nothing to anyone. */
const closedAcl: readonly Acl[] = [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]

interface AclEntry {
  readonly id: number
  readonly acl: readonly Acl[]
  readonly openPerms: number
  readonly isFinal: boolean
  /** The encoding, from the count on. */
  readonly vector: Uint8Array
  /** What the list was is not known. */
  readonly isLost: boolean
  references: number
}

export class AclTable {
  readonly #entriesById = new Map<number, AclEntry>()
  readonly #entriesByVector = new HashedPathMap<AclEntry>()
  /** The oldest first. Lists that were just loaded are not among them. */
  readonly #unreferenced = new Set<AclEntry>()
  readonly #schemes: ReadonlySet<string>
  readonly #openEntry: AclEntry
  #nextId = 1
  #holdCount = 0

  /** @param schemes what this server takes in requests; see {@link fixAcl} */
  constructor(schemes: ReadonlySet<string> = aclSchemes) {
    this.#schemes = schemes
    this.#openEntry = this.#makeEntry(openAclId, openAcl)
  }

  /** How many lists there are, without the open ACL of id −1. */
  get size(): number {
    return this.#entriesById.size
  }

  has(id: number): boolean {
    return id === openAclId || this.#entriesById.has(id)
  }

  get(id: number): readonly Acl[] {
    return this.#entry(id).acl
  }

  /** The permissions that the list grants to everyone, as bits: a check that these answer needs no look at the list. */
  openPerms(id: number): number {
    return this.#entry(id).openPerms
  }

  /**
   * Whether a request may ask for this list and gets it as it stands, whoever asks: its ids are valid, there is nothing
   * to expand and nothing twice.
   */
  isFinal(id: number): boolean {
    return this.#entry(id).isFinal
  }

  /** The id of a list, a new one if need be. The caller refers to it before it interns many others. */
  intern(acl: readonly Acl[]): number {
    const vector = encode(aclList, acl)
    const known = this.findVector(vector, 0, vector.length)
    if (known !== undefined) return known
    const entry = this.#makeEntry(this.#nextId, acl, vector)
    this.#add(entry)
    this.#unreferenced.add(entry)
    this.#trim()
    return entry.id
  }

  /** The id of the list that `bytes[start, end)` is the encoding of, if it has one already. */
  findVector(bytes: Uint8Array, start: number, end: number): number | undefined {
    const entry = this.#entriesByVector.get(pathHash(bytes, start, end), bytes, start, end)
    if (entry === undefined) return undefined
    // Someone is about to use it: it is the youngest again.
    if (this.#unreferenced.delete(entry)) this.#unreferenced.add(entry)
    return entry.id
  }

  /**
   * The id of the list that `bytes[start, end)` is the encoding of, a new one if need be. Null is the open ACL of id −1.
   * @throws JuteError when the bytes are no list
   */
  internVector(bytes: Uint8Array, start: number, end: number): number {
    const known = this.findVector(bytes, start, end)
    if (known !== undefined) return known
    // The bytes were bounded by whoever read the request, the log or the snapshot.
    const acl = aclList.decode(new JuteReader(bytes, start, end, { lengthMax: 0x7fff_ffff }))
    return acl === null ? openAclId : this.intern(acl)
  }

  addReference(id: number): void {
    if (id === openAclId) return
    const entry = this.#entry(id)
    if (entry.references === 0) this.#unreferenced.delete(entry)
    entry.references++
  }

  release(id: number): void {
    if (id === openAclId) return
    const entry = this.#entry(id)
    if (entry.references === 0)
      throw new Error(`ACL ${id} is released more often than it is referred to`)
    entry.references--
    if (entry.references > 0) return
    this.#unreferenced.add(entry)
    this.#trim()
  }

  /** From here on no list goes away, until {@link releaseHold} was called as often. */
  hold(): void {
    this.#holdCount++
  }

  releaseHold(): void {
    if (this.#holdCount === 0)
      throw new Error('a hold of the ACL table is released that was not taken')
    this.#holdCount--
    this.#trim()
  }

  /** Takes a list of a snapshot's table. When all nodes have referred to theirs, call {@link purgeUnreferenced}. */
  load(id: number, acl: readonly Acl[]): void {
    const earlier = this.#entriesById.get(id)
    if (earlier !== undefined) this.#free(earlier)
    this.#add(this.#makeEntry(id, acl))
  }

  /**
   * A node of a snapshot refers to a list that the snapshot's table lacks: the node was created, or given the list, while Apache
   * ZooKeeper wrote the table, or Apache had counted the list's nodes wrongly (ZOOKEEPER-4846). A list that grants nothing stands in
   * its place until the node's own transaction comes, which brings the list; the id is never given to another one.
   *
   * Compatibility: an Apache server answers requests for such a node with MarshallingError, and may give the id to the next new
   * list, which opens the node to whoever that one names. Here it denies (NoAuth), but to a super user, who can set another ACL.
   *
   * @returns false: no table can have this id
   */
  loadLost(id: number): boolean {
    if (!Number.isInteger(id) || id < 1 || id > loadedIdMax) return false
    this.#add({ ...this.#makeEntry(id, closedAcl), isLost: true })
    return true
  }

  /** The ids of lists that are not known and that nodes refer to. */
  get lostIds(): readonly number[] {
    return Array.from(this.#entriesById.values())
      .filter(({ isLost, references }) => isLost && references > 0)
      .map(({ id }) => id)
  }

  /** Frees the lists that no node refers to: what others wrote into a snapshot may have many. */
  purgeUnreferenced(): void {
    for (const entry of this.#entriesById.values()) if (entry.references === 0) this.#free(entry)
  }

  /** Appends the encoding of the list, from its count on. */
  writeVector(writer: JuteWriter, id: number): void {
    writer.writeBytes(this.#entry(id).vector)
  }

  /** Appends the table as a snapshot holds it: an int count, then for each list its id as a long and its encoding. */
  writeTo(writer: JuteWriter): void {
    writer.writeInt(this.#entriesById.size)
    for (const { id, vector } of this.#entriesById.values()) {
      writer.writeLong(id)
      writer.writeBytes(vector)
    }
  }

  /** All lists but the open ACL of id −1. */
  *[Symbol.iterator](): IterableIterator<readonly [id: number, acl: readonly Acl[]]> {
    for (const { id, acl } of this.#entriesById.values()) yield [id, acl]
  }

  #entry(id: number): AclEntry {
    const entry = id === openAclId ? this.#openEntry : this.#entriesById.get(id)
    if (entry === undefined) {
      throw new Error(
        `ACL ${id} is not in the table, which holds ${this.size} lists below id ${this.#nextId}`,
      )
    }
    return entry
  }

  #makeEntry(id: number, acl: readonly Acl[], vector: Uint8Array = encode(aclList, acl)): AclEntry {
    const isFinal = fixAcl(acl, [], this.#schemes)?.length === acl.length
    return { id, acl, openPerms: openPermsOf(acl), isFinal, vector, isLost: false, references: 0 }
  }

  #add(entry: AclEntry): void {
    const { id, vector } = entry
    this.#nextId = Math.max(this.#nextId, id + 1)
    this.#entriesById.set(id, entry)
    const hash = pathHash(vector, 0, vector.length)
    if (this.#entriesByVector.get(hash, vector, 0, vector.length) === undefined)
      this.#entriesByVector.set(hash, vector, 0, vector.length, entry)
  }

  #trim(): void {
    if (this.#holdCount > 0) return
    for (const entry of this.#unreferenced) {
      if (this.#unreferenced.size <= unreferencedMax) return
      this.#free(entry)
    }
  }

  #free(entry: AclEntry): void {
    const { id, vector } = entry
    this.#unreferenced.delete(entry)
    this.#entriesById.delete(id)
    const hash = pathHash(vector, 0, vector.length)
    if (this.#entriesByVector.get(hash, vector, 0, vector.length) === entry)
      this.#entriesByVector.delete(hash, vector, 0, vector.length)
  }
}
