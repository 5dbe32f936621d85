/** What the programs of this example have in common: where the configuration is, and what it looks like. */

/** Where the examples find their server. */
export const connectString: string = process.env['QUORATE_CONNECT'] ?? 'localhost:2181'

export const configPath = '/config'

export interface Settings {
  readonly color: string
  readonly size: number
}

/** Anything with `parse` will do; a schema of zod could stand here. */
export const schema = {
  parse(value: unknown): Settings {
    const { color, size } = (value ?? {}) as { readonly color?: unknown; readonly size?: unknown }
    if (typeof color !== 'string') throw new TypeError('color must be text')
    if (typeof size !== 'number' || size < 1) throw new TypeError('size must be 1 or more')
    return { color, size }
  },
}

/** What counts while nobody has written a configuration. */
export const defaults: Settings = { color: 'grey', size: 1 }
