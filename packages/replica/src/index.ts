/** The public face of the replica room. */
export * from './driver-port.ts'
