/**
 * Which codec a client uses for which node: one for all, or one by path. A call may name its own.
 *
 * In a pattern `*` stands for one component of a path and a `**` at its end for all that lies below. Of the patterns
 * that fit a path the most exact one counts: component by component a name comes before `*`, and `*` before `**`.
 */
import type { Platform } from '@quorate/protocol'
import { type CodecChoice, type ValueCodec, valueCodecOf, type ValueOf } from './value-codec.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** `{ paths: { '/config/*': schema, '/jobs/**': 'json' }, otherwise: 'bytes' }` */
export interface CodecsByPath {
  /** Codecs by pattern. Paths are the client's own, below its chroot. */
  readonly paths: Readonly<Record<string, CodecChoice>>
  /** For nodes that no pattern fits. Default 'utf8'. */
  readonly otherwise?: CodecChoice
}

export type ClientCodec = CodecChoice | CodecsByPath

/** How the value of this call becomes bytes. Default: as the client's option says. */
export interface CodecOption<K extends ClientCodec> {
  readonly codec?: K & CodecChoice
}

/** The type of the value of a node: by its path, as far as the path is known to the compiler. */
export type ValueAt<C extends ClientCodec, P extends string> = C extends CodecsByPath
  ? ValueByPath<C['paths'], ValueOtherwise<C>, P>
  : C extends CodecChoice
    ? ValueOf<C>
    : never

type ValueByPath<M extends CodecsByPath['paths'], Otherwise, P extends string> =
  IsLiteral<P> extends true
    ? P extends keyof M
      ? ValueOf<M[P]>
      : [Fitting<M, P>] extends [never]
        ? Otherwise
        : ValueOf<M[Fitting<M, P>]>
    : ValueOf<M[Fitting<M, P>]> | Otherwise

type ValueOtherwise<C extends CodecsByPath> = C extends { readonly otherwise: CodecChoice }
  ? ValueOf<C['otherwise']>
  : string

/** Keys of the type `string` and of a template type are no properties but an index signature, which `{}` has. */
type IsLiteral<P extends string> = {} extends Record<P, unknown> ? false : true

/** The patterns that fit the path, or may fit it when it is not known whole. */
type Fitting<M extends CodecsByPath['paths'], P extends string> = {
  [K in keyof M & string]: Fits<K, P> extends true ? K : never
}[keyof M & string]

type Fits<Pattern extends string, P extends string> = string extends P
  ? true
  : Pattern extends '**'
    ? true
    : Pattern extends `${infer First}/${infer Rest}`
      ? P extends `${infer Name}/${infer Below}`
        ? First extends '*' | Name
          ? Fits<Rest, Below>
          : false
        : false
      : P extends `${string}/${string}`
        ? false
        : Pattern extends '*' | P
          ? true
          : false

/** The path of any child of a node. */
export type ChildPath<P extends string> = P extends '/' ? `/${string}` : `${P}/${string}`

/** One component of the patterns, and what may follow. */
interface Step {
  readonly byName: Map<string, Step>
  any: Step | undefined
  /** For the path that ends here. */
  here: ValueCodec<unknown> | undefined
  /** For all paths that go on from here. */
  below: ValueCodec<unknown> | undefined
}

/** The codecs of a client, with failures that are errors of the client and name the path. */
export class PathCodecs {
  readonly #platform: Platform
  readonly #codecByChoice = new Map<string, ValueCodec<unknown>>()
  readonly #codecBySchema = new WeakMap<object, ValueCodec<unknown>>()
  readonly #otherwise: ValueCodec<unknown>
  readonly #root: Step | undefined

  /** @throws ZooKeeperError BadArguments for what is no codec and for patterns that cannot be paths */
  constructor(choice: ClientCodec, platform: Platform) {
    this.#platform = platform
    if (!isByPath(choice)) {
      this.#otherwise = this.#codecOf(choice)
      return
    }
    this.#otherwise = this.#codecOf(choice.otherwise ?? 'utf8')
    this.#root = emptyStep()
    for (const [pattern, codec] of Object.entries(choice.paths))
      addPattern(this.#root, pattern, this.#codecOf(codec))
  }

  /** @param choice the codec that the call names */
  encode(path: string, value: unknown, choice?: CodecChoice): Uint8Array | null {
    const codec = this.#at(path, choice)
    try {
      return codec.encode(value)
    } catch (cause) {
      throw invalid('written', path, cause)
    }
  }

  decode(path: string, bytes: Uint8Array | null, choice?: CodecChoice): unknown {
    const codec = this.#at(path, choice)
    try {
      return codec.decode(bytes)
    } catch (cause) {
      throw invalid('read', path, cause)
    }
  }

  #at(path: string, choice: CodecChoice | undefined): ValueCodec<unknown> {
    if (choice !== undefined) return this.#codecOf(choice)
    if (this.#root === undefined) return this.#otherwise
    return find(this.#root, componentsOf(path), 0) ?? this.#otherwise
  }

  #codecOf(choice: CodecChoice): ValueCodec<unknown> {
    const known =
      typeof choice === 'object' ? this.#codecBySchema.get(choice) : this.#codecByChoice.get(choice)
    if (known !== undefined) return known
    const codec = makeCodec(choice, this.#platform)
    if (typeof choice === 'object') this.#codecBySchema.set(choice, codec)
    else this.#codecByChoice.set(choice, codec)
    return codec
  }
}

function isByPath(choice: ClientCodec): choice is CodecsByPath {
  return typeof choice === 'object' && choice !== null && 'paths' in choice
}

function makeCodec(choice: CodecChoice, platform: Platform): ValueCodec<unknown> {
  try {
    return valueCodecOf(choice, platform)
  } catch (cause) {
    throw new ZooKeeperError('BadArguments', { message: `${(cause as Error).message}.`, cause })
  }
}

function emptyStep(): Step {
  return { byName: new Map(), any: undefined, here: undefined, below: undefined }
}

function addPattern(root: Step, pattern: string, codec: ValueCodec<unknown>): void {
  const components = [...componentsOf(pattern)]
  const isBelow = components.at(-1) === '**'
  if (isBelow) components.pop()
  if (!pattern.startsWith('/') || components.some((name) => name === '' || name === '**')) {
    const message = `"${pattern}" is no pattern of paths. Write it as /config/*, or as /config/** for all below.`
    throw new ZooKeeperError('BadArguments', { message })
  }
  let step = root
  for (const component of components) step = stepTo(step, component)
  if (isBelow) step.below = codec
  else step.here = codec
}

function componentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

function stepTo(from: Step, component: string): Step {
  if (component === '*') return (from.any ??= emptyStep())
  let step = from.byName.get(component)
  if (step === undefined) from.byName.set(component, (step = emptyStep()))
  return step
}

function find(
  step: Step,
  components: readonly string[],
  at: number,
): ValueCodec<unknown> | undefined {
  const component = components[at]
  if (component === undefined) return step.here
  const named = step.byName.get(component)
  return (
    (named === undefined ? undefined : find(named, components, at + 1)) ??
    (step.any === undefined ? undefined : find(step.any, components, at + 1)) ??
    step.below
  )
}

function invalid(verb: 'read' | 'written', path: string, cause: unknown): ZooKeeperError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `the value of ${path} cannot be ${verb} by its codec: ${why}`
  return new ZooKeeperError('InvalidValue', { path, cause, message })
}
