/** The public face of the tree room. */
export * from './snapshot-image.ts'
