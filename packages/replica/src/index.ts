/** The public face of the replica room. */
export { ClientConnection } from './client-connection.ts'
export * from './driver-port.ts'
export * from './inspection.ts'
export { Replica } from './replica.ts'
export type { Replayed } from './snapshot-schedule.ts'
export * from './replica-options.ts'
export * from './member/member-driver.ts'
export * from './member/disk-history.ts'
