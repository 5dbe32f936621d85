/** The public face of the replica room. */
export * from './driver-port.ts'
export * from './inspection.ts'
export * from './replica-options.ts'
