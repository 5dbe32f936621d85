import { OpCode } from '@quorate/protocol'

/** Requests of clients that go through the engine, and keep later ones of their connection waiting. */
export function isWrite(type: number): boolean {
  switch (type) {
    case OpCode.setData:
    case OpCode.create:
    case OpCode.delete:
    case OpCode.create2:
    case OpCode.multi:
    case OpCode.setACL:
    case OpCode.createContainer:
    case OpCode.createTTL:
    case OpCode.sync:
    case OpCode.closeSession:
    case OpCode.reconfig:
      return true
    default:
      return false
  }
}

/** Of those, the ones that a server carries out by itself and no transaction's record stands for. */
export function isServerWrite(type: number): boolean {
  return type === OpCode.sync || type === OpCode.closeSession || type === OpCode.reconfig
}
