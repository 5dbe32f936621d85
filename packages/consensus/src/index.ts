/** The public face of the consensus room. */
export * from './engine.ts'
export * from './standalone.ts'
