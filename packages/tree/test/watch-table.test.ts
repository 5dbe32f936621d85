import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EventType, utf8Decode, utf8Encode, WatcherType, type Zxid } from '@quorate/protocol'
import * as fc from 'fast-check'
import { type Watcher, WatchTable } from '../src/watch-table.ts'

const { nodeCreated, nodeDeleted, nodeDataChanged, nodeChildrenChanged } = EventType

/** Writes down what it is told, as "name type path". */
class Recorder implements Watcher {
  readonly name: string
  readonly #journal: string[]
  onNotify: () => void = () => {}

  constructor(name: string, journal: string[]) {
    this.name = name
    this.#journal = journal
  }

  notify(type: EventType, bytes: Uint8Array, start: number, end: number): void {
    this.#journal.push(`${this.name} ${type} ${utf8Decode(bytes, start, end)}`)
    this.onNotify()
  }
}

type Adding = 'addData' | 'addChild' | 'addPersistent' | 'addPersistentRecursive'
type Trigger = 'nodeCreated' | 'nodeDeleted' | 'nodeDataChanged' | 'childrenChanged'

/** A table with watchers a, b and c, used with paths as strings. */
class Fixture {
  readonly table = new WatchTable()
  readonly journal: string[] = []
  readonly watchers: Recorder[] = ['a', 'b', 'c'].map((name) => new Recorder(name, this.journal))

  add(adding: Adding, path: string, watcher = 0): void {
    const frame = utf8Encode(`>${path}<`)
    this.table[adding](frame, 1, frame.length - 1, this.watchers[watcher])
    // The table must have copied the path: the frame is used again.
    frame.fill(0)
  }

  has(path: string, type: WatcherType, watcher = 0): boolean {
    const bytes = utf8Encode(path)
    return this.table.has(bytes, 0, bytes.length, this.watchers[watcher], type)
  }

  remove(path: string, type: WatcherType, watcher = 0): boolean {
    const bytes = utf8Encode(path)
    return this.table.remove(bytes, 0, bytes.length, this.watchers[watcher], type)
  }

  /** What was told to whom. */
  trigger(trigger: Trigger, path: string): string[] {
    const frame = utf8Encode(`>${path}<`)
    const count = this.table[trigger](frame, 1, frame.length - 1, 7, 3)
    const told = this.journal.splice(0)
    assert.equal(count, told.length)
    return told
  }

  wchs(): readonly number[] {
    const { connectionCount, pathCount, watchCount } = this.table.dataWatchCounts()
    return [connectionCount, pathCount, watchCount]
  }
}

describe('WatchTable', () => {
  it('tells a data watch once, of creation, change or deletion', () => {
    const cases = { nodeCreated, nodeDeleted, nodeDataChanged } as const
    for (const [trigger, type] of Object.entries(cases)) {
      const f = new Fixture()
      f.add('addData', '/n')
      assert.deepEqual(f.trigger('childrenChanged', '/n'), [])
      assert.deepEqual(f.trigger(trigger as Trigger, '/n'), [`a ${type} /n`])
      assert.deepEqual(f.trigger(trigger as Trigger, '/n'), [])
      assert.equal(f.table.watchCount, 0)
    }
  })

  it('tells a child watch of changed children, and of the deletion of the node', () => {
    const f = new Fixture()
    f.add('addChild', '/n')
    f.add('addChild', '/m')
    assert.deepEqual(f.trigger('nodeDataChanged', '/n'), [])
    assert.deepEqual(f.trigger('childrenChanged', '/n'), [`a ${nodeChildrenChanged} /n`])
    assert.deepEqual(f.trigger('nodeDeleted', '/m'), [`a ${nodeDeleted} /m`])
    assert.equal(f.table.watchCount, 0)
  })

  it('tells a deletion once to a connection with data and child watches, data watchers first', () => {
    const f = new Fixture()
    f.add('addChild', '/n', 1)
    f.add('addChild', '/n', 0)
    f.add('addData', '/n', 0)
    assert.deepEqual(f.trigger('nodeDeleted', '/n'), [`a ${nodeDeleted} /n`, `b ${nodeDeleted} /n`])
    assert.equal(f.table.watchCount, 0)
  })

  it('keeps a persistent watch and tells it of everything on its own path', () => {
    const f = new Fixture()
    f.add('addPersistent', '/n')
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(f.trigger('nodeCreated', '/n'), [`a ${nodeCreated} /n`])
      assert.deepEqual(f.trigger('childrenChanged', '/n'), [`a ${nodeChildrenChanged} /n`])
      assert.deepEqual(f.trigger('nodeDeleted', '/n'), [`a ${nodeDeleted} /n`])
      assert.deepEqual(f.trigger('nodeDataChanged', '/n/child'), [])
    }
    assert.equal(f.table.watchCount, 2)
  })

  it('tells a recursive watch of all below it, but not of changed children', () => {
    const f = new Fixture()
    f.add('addPersistentRecursive', '/n')
    assert.deepEqual(f.trigger('nodeCreated', '/n'), [`a ${nodeCreated} /n`])
    assert.deepEqual(f.trigger('nodeCreated', '/n/x/y'), [`a ${nodeCreated} /n/x/y`])
    assert.deepEqual(f.trigger('nodeDeleted', '/n/x/y'), [`a ${nodeDeleted} /n/x/y`])
    assert.deepEqual(f.trigger('nodeDataChanged', '/nn'), [])
    assert.deepEqual(f.trigger('nodeDataChanged', '/'), [])
    assert.deepEqual(f.trigger('childrenChanged', '/n'), [])
  })

  it('counts the root among the ancestors of every path, once', () => {
    const f = new Fixture()
    f.add('addPersistentRecursive', '/')
    assert.deepEqual(f.trigger('nodeCreated', '/x/y'), [`a ${nodeCreated} /x/y`])
    assert.deepEqual(f.trigger('nodeDataChanged', '/'), [`a ${nodeDataChanged} /`])
  })

  it('tells a connection once in a step, whatever its watches', () => {
    const f = new Fixture()
    f.add('addData', '/n/x')
    f.add('addPersistent', '/n/x')
    f.add('addPersistentRecursive', '/n/x')
    f.add('addPersistentRecursive', '/n')
    f.add('addPersistentRecursive', '/')
    assert.deepEqual(f.trigger('nodeDeleted', '/n/x'), [`a ${nodeDeleted} /n/x`])
    assert.deepEqual(f.trigger('nodeCreated', '/n/x'), [`a ${nodeCreated} /n/x`])
  })

  it('lets the modes of one connection on one path coexist', () => {
    const f = new Fixture()
    f.add('addPersistent', '/n')
    f.add('addData', '/n')
    f.add('addPersistentRecursive', '/n')
    assert.equal(f.trigger('nodeDataChanged', '/n').length, 1)
    assert.equal(f.has('/n', WatcherType.data), false)
    assert.equal(f.has('/n', WatcherType.persistent), true)
    assert.equal(f.has('/n', WatcherType.persistentRecursive), true)
    assert.equal(f.trigger('nodeDataChanged', '/n').length, 1)
  })

  it('tells the watchers of a path in the order of registration', () => {
    const f = new Fixture()
    f.add('addData', '/n', 2)
    f.add('addData', '/n', 0)
    f.add('addData', '/n', 1)
    f.add('addData', '/n', 2)
    assert.deepEqual(
      f.trigger('nodeDataChanged', '/n').map((told) => told[0]),
      ['c', 'a', 'b'],
    )
  })

  it('removes by type, and says whether there was something', () => {
    const f = new Fixture()
    f.add('addData', '/n')
    f.add('addChild', '/n')
    assert.equal(f.remove('/n', WatcherType.persistent), false)
    assert.equal(f.remove('/n', WatcherType.children), true)
    assert.equal(f.remove('/n', WatcherType.children), false)
    assert.equal(f.has('/n', WatcherType.any), true)
    assert.equal(f.has('/n', WatcherType.any, 1), false)
    assert.equal(f.remove('/n', WatcherType.any), true)
    assert.equal(f.table.watchCount, 0)
  })

  it('counts and lists data watches only', () => {
    const f = new Fixture()
    f.add('addData', '/n', 0)
    f.add('addData', '/m', 0)
    f.add('addPersistentRecursive', '/n', 1)
    f.add('addChild', '/k', 2)
    assert.deepEqual(f.wchs(), [2, 2, 3])
    assert.equal(f.table.watchCount, 4)
    const byPath = [...f.table.dataWatchersByPath()].map(([path, watchers]) => [
      utf8Decode(path),
      watchers.map((watcher) => (watcher as Recorder).name),
    ])
    assert.deepEqual(
      new Map(byPath as [string, string[]][]),
      new Map([
        ['/n', ['a', 'b']],
        ['/m', ['a']],
      ]),
    )
    const byWatcher = [...f.table.dataPathsByWatcher()].map(([watcher, paths]) => [
      (watcher as Recorder).name,
      paths.map((path) => utf8Decode(path)),
    ])
    assert.deepEqual(byWatcher, [
      ['a', ['/n', '/m']],
      ['b', ['/n']],
    ])
  })

  it('hands on the zxid and the ACL', () => {
    const table = new WatchTable()
    const path = utf8Encode('/n')
    let told: readonly [Zxid, number] | undefined
    table.addData(path, 0, 2, { notify: (...[, , , , zxid, aclId]) => (told = [zxid, aclId]) })
    table.nodeCreated(path, 0, 2, 0x1_0000_0005, 9)
    assert.deepEqual(told, [0x1_0000_0005, 9])
  })

  it('allows a watcher to register again, and to remove others, while it is told', () => {
    const f = new Fixture()
    f.add('addData', '/n', 0)
    f.add('addData', '/n', 1)
    f.add('addPersistentRecursive', '/', 1)
    f.watchers[0].onNotify = () => {
      f.add('addData', '/n', 0)
      f.table.removeAllOf(f.watchers[1])
    }
    assert.equal(f.trigger('nodeDataChanged', '/n').length, 2)
    assert.deepEqual(f.wchs(), [1, 1, 1])
    assert.deepEqual(f.trigger('nodeDataChanged', '/n/x'), [])
  })

  it('lets 10,000 connections on one path come and go without a search through the others', () => {
    const table = new WatchTable()
    const path = utf8Encode('/herd')
    const watchers = Array.from({ length: 10_000 }, (): Watcher => ({ notify: () => {} }))
    for (const watcher of watchers) table.addPersistent(path, 0, path.length, watcher)
    assert.equal(table.watchCount, 20_000)
    for (const watcher of watchers) table.removeAllOf(watcher)
    assert.equal(table.watchCount, 0)
  })
})

/** The rules again, as plainly as they can be said, over sets of strings. */
class Model {
  readonly data = new Map<string, Set<string>>()
  readonly children = new Map<string, Set<string>>()

  key(path: string, watcher: number): string {
    return `${path} ${watcher}`
  }

  add(table: Map<string, Set<string>>, path: string, watcher: number, mode: string): void {
    const key = this.key(path, watcher)
    const modes = table.get(key) ?? new Set()
    table.set(key, modes.add(mode))
  }

  fire(table: Map<string, Set<string>>, path: string, told: Set<number>): void {
    for (const [key, modes] of table) {
      const [watched, watcher] = key.split(' ') as [string, string]
      const isBelow = watched === '/' ? path !== '/' : path.startsWith(`${watched}/`)
      if (watched === path || (isBelow && modes.has('recursive'))) told.add(Number(watcher))
      if (watched === path && modes.delete('standard') && modes.size === 0) table.delete(key)
    }
  }

  trigger(trigger: Trigger, path: string): number[] {
    const told = new Set<number>()
    if (trigger !== 'childrenChanged') this.fire(this.data, path, told)
    if (trigger === 'childrenChanged' || trigger === 'nodeDeleted')
      this.fire(this.children, path, told)
    return [...told].toSorted((a, b) => a - b)
  }

  take(table: Map<string, Set<string>>, path: string, watcher: number, mode: string): boolean {
    const modes = table.get(this.key(path, watcher))
    if (modes === undefined) return false
    const had = mode === 'any' ? modes.size > 0 : modes.delete(mode)
    if (mode === 'any' || modes.size === 0) table.delete(this.key(path, watcher))
    return had
  }

  remove(path: string, watcher: number, type: WatcherType): boolean {
    const modes: Record<WatcherType, readonly [string, string]> = {
      [WatcherType.children]: ['', 'standard'],
      [WatcherType.data]: ['standard', ''],
      [WatcherType.any]: ['any', 'any'],
      [WatcherType.persistent]: ['persistent', 'persistent'],
      [WatcherType.persistentRecursive]: ['recursive', ''],
    }
    const inData = this.take(this.data, path, watcher, modes[type][0])
    return this.take(this.children, path, watcher, modes[type][1]) || inData
  }
}

type Step =
  | {
      readonly kind: 'add'
      readonly adding: Adding
      readonly path: string
      readonly watcher: number
    }
  | { readonly kind: 'trigger'; readonly trigger: Trigger; readonly path: string }
  | {
      readonly kind: 'remove'
      readonly type: WatcherType
      readonly path: string
      readonly watcher: number
    }
  | { readonly kind: 'removeAll'; readonly watcher: number }

function modelAdd(model: Model, { adding, path, watcher }: Step & { readonly kind: 'add' }): void {
  const mode = {
    addData: 'standard',
    addChild: 'standard',
    addPersistent: 'persistent',
    addPersistentRecursive: 'recursive',
  }[adding]
  if (adding !== 'addChild') model.add(model.data, path, watcher, mode)
  if (adding === 'addChild' || adding === 'addPersistent')
    model.add(model.children, path, watcher, mode)
}

function runStep(f: Fixture, model: Model, step: Step): void {
  switch (step.kind) {
    case 'add':
      f.add(step.adding, step.path, step.watcher)
      modelAdd(model, step)
      return
    case 'trigger': {
      const told = f.trigger(step.trigger, step.path).map((line) => 'abc'.indexOf(line[0]))
      assert.deepEqual(
        told.toSorted((a, b) => a - b),
        model.trigger(step.trigger, step.path),
      )
      return
    }
    case 'remove': {
      const had = f.has(step.path, step.type, step.watcher)
      assert.equal(f.remove(step.path, step.type, step.watcher), had)
      assert.equal(model.remove(step.path, step.watcher, step.type), had)
      return
    }
    case 'removeAll':
      f.table.removeAllOf(f.watchers[step.watcher])
      for (const table of [model.data, model.children])
        for (const key of table.keys()) if (key.endsWith(` ${step.watcher}`)) table.delete(key)
  }
}

describe('WatchTable against a model', () => {
  const path = fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/b')
  const watcher = fc.nat(2)
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        adding: fc.constantFrom<Adding[]>(
          'addData',
          'addChild',
          'addPersistent',
          'addPersistentRecursive',
        ),
        path,
        watcher,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('trigger' as const),
        trigger: fc.constantFrom<Trigger[]>(
          'nodeCreated',
          'nodeDeleted',
          'nodeDataChanged',
          'childrenChanged',
        ),
        path,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('remove' as const),
        type: fc.constantFrom(...Object.values(WatcherType)),
        path,
        watcher,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('removeAll' as const), watcher }) },
  )

  it('tells the same watchers and keeps the same watches', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const f = new Fixture()
        const model = new Model()
        for (const each of steps) {
          runStep(f, model, each)
          const keys = [...model.data.keys()].map((key) => key.split(' '))
          assert.deepEqual(f.wchs(), [
            new Set(keys.map((key) => key[1])).size,
            new Set(keys.map((key) => key[0])).size,
            keys.length,
          ])
          assert.equal(f.table.watchCount, model.data.size + model.children.size)
        }
        for (const each of f.watchers) f.table.removeAllOf(each)
        assert.deepEqual([...f.wchs(), f.table.watchCount], [0, 0, 0, 0])
      }),
      { numRuns: 300 },
    )
  })
})
