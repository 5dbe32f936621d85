/** The public face of the log room. */
export * from './disk.ts'
