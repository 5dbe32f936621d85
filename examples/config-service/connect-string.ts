/** Where the examples find their server. */
export const connectString: string = process.env['QUORATE_CONNECT'] ?? 'localhost:2181'

export const configPath = '/config'
