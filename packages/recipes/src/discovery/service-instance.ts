/** An instance of a service, in the JSON of Curator's x-discovery: one node each, `<base>/<service>/<id>`. */
import { type Schema, type ValueCodec, valueCodecOf, type World } from '@quorate/client/core'

/** DYNAMIC goes with its session, STATIC and PERMANENT stay. */
export type ServiceType = 'DYNAMIC' | 'STATIC' | 'PERMANENT' | 'DYNAMIC_SEQUENTIAL'

/** A part of an address: text as it is, or a variable such as `scheme`, `address`, `port`. */
export interface UriPart {
  readonly value: string
  readonly variable: boolean
}

export interface UriSpec {
  readonly parts: readonly UriPart[]
}

export interface ServiceInstance<P> {
  /** Of the service. */
  readonly name: string
  /** Of this instance, unique within the service. */
  readonly id: string
  readonly address: string | null
  readonly port: number | null
  readonly sslPort: number | null
  /** What the application has to say of it. */
  readonly payload: P
  /** Milliseconds since 1970; 0 where nobody said. */
  readonly registrationTimeUTC: number
  readonly serviceType: ServiceType
  readonly uriSpec: UriSpec | null
  /** An instance that is not enabled is there and gets no work. */
  readonly enabled: boolean
}

const serviceTypes: ReadonlySet<unknown> = new Set<ServiceType>([
  'DYNAMIC',
  'STATIC',
  'PERMANENT',
  'DYNAMIC_SEQUENTIAL',
])

/** @param payload of payloads; Curator's have the name of a Java class in `@class` */
export function instanceCodec<P>(
  payload: Schema<P>,
  platform: World['platform'],
): ValueCodec<ServiceInstance<P>> {
  const schema: Schema<ServiceInstance<P>> = {
    parse: (value) => parseInstance(value, payload),
    encode: (instance) => ({
      name: instance.name,
      id: instance.id,
      address: instance.address,
      port: instance.port,
      sslPort: instance.sslPort,
      payload:
        payload.encode === undefined
          ? payload.parse(instance.payload)
          : payload.encode(instance.payload),
      registrationTimeUTC: instance.registrationTimeUTC,
      serviceType: instance.serviceType,
      uriSpec: instance.uriSpec,
      enabled: instance.enabled,
    }),
  }
  return valueCodecOf(schema, platform) as ValueCodec<ServiceInstance<P>>
}

function parseInstance<P>(value: unknown, payload: Schema<P>): ServiceInstance<P> {
  if (typeof value !== 'object' || value === null) throw new TypeError('the node holds no instance')
  const fields = value as Readonly<Record<string, unknown>>
  const serviceType = textOf({ serviceType: 'DYNAMIC', ...fields }, 'serviceType')
  if (!serviceTypes.has(serviceType))
    throw new TypeError(`the instance is of an unknown type: ${serviceType}`)
  return {
    name: textOf(fields, 'name'),
    id: textOf(fields, 'id'),
    address: fields['address'] == null ? null : textOf(fields, 'address'),
    port: numberOf(fields, 'port'),
    sslPort: numberOf(fields, 'sslPort'),
    payload: payload.parse(fields['payload'] ?? null),
    registrationTimeUTC: numberOf(fields, 'registrationTimeUTC') ?? 0,
    serviceType: serviceType as ServiceType,
    uriSpec: uriSpecOf(fields['uriSpec']),
    // Curator's instances before 2.8 do not say.
    enabled: fields['enabled'] !== false,
  }
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new TypeError(`the instance has no ${name}`)
  return value
}

function numberOf(fields: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = fields[name] ?? null
  if (value !== null && typeof value !== 'number')
    throw new TypeError(`the instance's ${name} is no number`)
  return value
}

function uriSpecOf(value: unknown): UriSpec | null {
  if (value === undefined || value === null) return null
  const { parts } = value as { readonly parts?: unknown }
  if (!Array.isArray(parts)) throw new TypeError("the instance's uriSpec has no parts")
  return {
    parts: parts.map((part: Readonly<Record<string, unknown>>) => ({
      value: textOf(part, 'value'),
      variable: part['variable'] === true,
    })),
  }
}

/** `{scheme}://{address}:{port}/` as Curator writes it. @throws TypeError for braces that do not match */
export function parseUriSpec(text: string): UriSpec {
  const parts: UriPart[] = []
  for (const [piece] of text.matchAll(/\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (piece === '{' || piece === '}')
      throw new TypeError(
        `"${text}" has a brace without its other one. Write {[} and {]} for a brace itself.`,
      )
    const variable = piece.startsWith('{')
    parts.push({ value: variable ? piece.slice(1, -1).trim() : piece, variable })
  }
  return { parts }
}

/** The address that the instance's uriSpec makes; '' without one. Variables that nobody knows are left out. */
export function uriOf(instance: ServiceInstance<unknown>): string {
  const variables: Readonly<Record<string, string | number | null>> = {
    scheme: instance.sslPort === null ? 'http' : 'https',
    name: instance.name,
    id: instance.id,
    address: instance.address,
    port: instance.port,
    'ssl-port': instance.sslPort,
    'registration-time-utc': instance.registrationTimeUTC,
    'service-type': instance.serviceType.toLowerCase(),
    '[': '{',
    ']': '}',
  }
  const parts = instance.uriSpec?.parts ?? []
  return parts.map(({ value, variable }) => (variable ? (variables[value] ?? '') : value)).join('')
}
