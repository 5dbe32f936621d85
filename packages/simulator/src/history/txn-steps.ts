/** What a transaction does to the tree, one step after another, as watches tell of it. */
import { EventType, OpCode, type Txn, type TxnBody } from '@quorate/protocol'

export interface Step {
  readonly event: EventType
  readonly path: string
}

/** The operations of a transaction that took effect: none of a failed one. */
export function effectiveBodies(txn: Txn): readonly TxnBody[] {
  const { body } = txn
  if (body.type === OpCode.error) return []
  if (body.type !== OpCode.multi) return [body]
  return body.txns.some(({ type }) => type === OpCode.error) ? [] : body.txns
}

export function stepsOf(txn: Txn): readonly Step[] {
  return effectiveBodies(txn).flatMap(stepsOfBody)
}

function stepsOfBody(body: TxnBody): readonly Step[] {
  switch (body.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return withParent(EventType.nodeCreated, body.path)
    case OpCode.delete:
    case OpCode.deleteContainer:
      return withParent(EventType.nodeDeleted, body.path)
    case OpCode.setData:
    case OpCode.reconfig:
      return [{ event: EventType.nodeDataChanged, path: body.path }]
    case OpCode.closeSession:
      return (body.paths2Delete ?? []).flatMap((path) => withParent(EventType.nodeDeleted, path))
    default:
      return []
  }
}

function withParent(event: EventType, path: string): readonly Step[] {
  return [
    { event, path },
    { event: EventType.nodeChildrenChanged, path: parentOf(path) },
  ]
}

export function parentOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at === 0 ? '/' : path.slice(0, at)
}
