/** What the compiler makes of codecs. The functions are compiled with the tests and never called: their types are the test. */
import type { ClientCodec, ValueAt, ZooKeeper } from '../../src/index.ts'

/** Each is assignable to the other, and neither is `any`. */
type Same<A, B> = [A] extends [B]
  ? [B] extends [A]
    ? 0 extends 1 & A
      ? false
      : true
    : false
  : false

/** Compiles only if the type is exactly the one named. */
function is<Expected>() {
  return <Actual>(
    value: Actual & (Same<Actual, Expected> extends true ? unknown : never),
  ): Actual => value
}

interface Database {
  host: string
}

declare const database: {
  parse(value: unknown, params?: object): Database
  encode(value: Database): object
}
declare const date: { encode(value: Date): Uint8Array; decode(bytes: Uint8Array | null): Date }

export async function ofTheClient(
  text: ZooKeeper,
  raw: ZooKeeper<'bytes'>,
  json: ZooKeeper<'json'>,
  schema: ZooKeeper<typeof database>,
  own: ZooKeeper<typeof date>,
): Promise<void> {
  is<string>()(await text.get('/a'))
  is<Uint8Array | null>()(await raw.get('/a'))
  is<unknown>()(await json.get('/a'))
  is<Database>()(await schema.get('/a'))
  is<Date>()((await own.getWithStat('/a')).value)
  await schema.set('/a', { host: 'x' })
  // @ts-expect-error a number is no host
  await schema.set('/a', { host: 1 })
  // @ts-expect-error the client writes strings
  await text.create('/a', 7)
}

export async function ofTheCall(text: ZooKeeper): Promise<void> {
  is<Database>()(await text.get('/a', { codec: database, watch: true }))
  is<Uint8Array | null>()(await text.get('/a', { codec: 'bytes' }))
  is<string>()(await text.get('/a', { watch: true, deadlineMs: 5 }))
  await text.create('/a', { host: 'x' }, { codec: database, ephemeral: true })
  await text.set('/a', null, { codec: 'bytes', version: 3 })
  // @ts-expect-error the codec of the call counts, not the client's
  await text.set('/a', 'text', { codec: 'bytes' })
  const [own, plain] = await text.multiRead([{ get: '/a', codec: database }, { get: '/b' }])
  if (own.error === undefined) is<Database>()(own.value)
  if (plain.error === undefined) is<string>()(plain.value)
  const results = await text.transaction().create('/a', { host: '' }, { codec: database }).commit()
  is<[string]>()(results)
}

interface ByPath {
  paths: {
    '/config/db': typeof database
    '/config/*': 'json'
    '/blobs/**': 'bytes'
    '/*/at': typeof date
  }
  otherwise: 'utf8'
}

export async function ofThePath(zk: ZooKeeper<ByPath>, name: string): Promise<void> {
  is<Database>()(await zk.get('/config/db'))
  is<unknown>()(await zk.get('/config/other'))
  is<Uint8Array | null>()(await zk.get('/blobs/a/b/c'))
  is<Uint8Array | null | Date | string>()(await zk.get(`/blobs/${name}`))
  is<Date>()(await zk.get('/jobs/at'))
  is<string>()(await zk.get('/jobs/at/x'))
  is<string>()(await zk.get('/config/a/b'))
  is<string>()(await zk.get('/blobs'))
  is<string>()(await zk.get('/config/db', { codec: 'utf8' }))
  // @ts-expect-error a database is wanted here
  await zk.set('/config/db', 'text')
}

export function ofAnyPath(path: string): void {
  type Values = ValueAt<{ paths: { '/a': 'bytes'; '/b/*': typeof date } }, typeof path>
  is<Uint8Array | null | Date | string>()(undefined as unknown as Values)
}

/** What works with any client names its codecs at the call. */
export async function ofAnyClient(zk: ZooKeeper<ClientCodec>): Promise<Uint8Array | null> {
  await zk.create('/a', new Uint8Array(1), { codec: 'bytes', sequential: true })
  return zk.get('/a', { codec: 'bytes' })
}

export async function anyClient(
  text: ZooKeeper,
  json: ZooKeeper<'json'>,
  paths: ZooKeeper<ByPath>,
): Promise<void> {
  for (const zk of [text, json, paths]) await ofAnyClient(zk)
}

export function isExact(text: string): void {
  // @ts-expect-error a string is not this
  is<'text'>()(text)
}

export async function ofUpdates(
  text: ZooKeeper,
  schema: ZooKeeper<typeof database>,
  paths: ZooKeeper<ByPath>,
): Promise<void> {
  const updated = await schema.update('/a', (value, stat) => {
    is<Database>()(value)
    is<number>()(stat.version)
    return value
  })
  is<Database>()(updated.value)
  await schema.update('/a', (value) => value ?? { host: 'x' }, { create: true })
  // @ts-expect-error there may be no value when the node is to be created
  await schema.update('/a', (value) => ({ host: value.host }), { create: true })
  await text.update('/a', async (value: number) => value + 1, { codec: numbers })
  // @ts-expect-error a string is wanted
  await text.update('/a', () => 5)
  for (const { value } of await paths.childrenWithValues('/blobs/x'))
    is<Uint8Array | null | string>()(value)
  for (const { value } of await text.childrenWithValues('/a', { codec: numbers }))
    is<number>()(value)
}

declare const numbers: { parse(value: unknown): number }
