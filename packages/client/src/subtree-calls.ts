/** The calls of one view that list and delete a node with everything below it. */
import { type MultiOp, OpCode } from '@quorate/protocol'
import type { CallOptions } from './call.ts'
import { CallBudget } from './call-budget.ts'
import type { Caller } from './caller.ts'
import * as operations from './operations.ts'
import type { DeleteOptions } from './options.ts'
import { deleteSubtree, listSubtree, type SubtreeAccess } from './subtree.ts'
import { multiFailure } from './transaction.ts'

const batchSizeDefault = 1000

export async function subtreeOf(
  caller: Caller,
  path: string,
  options: CallOptions,
): Promise<readonly string[]> {
  return listSubtree(accessOf(caller, options, { path, version: -1 }), path)
}

export async function removeSubtree(
  caller: Caller,
  path: string,
  options: DeleteOptions,
): Promise<void> {
  const { batchSize = batchSizeDefault, version = -1 } = options
  await deleteSubtree(accessOf(caller, options, { path, version }), path, batchSize)
}

function accessOf(
  caller: Caller,
  options: CallOptions,
  root: { readonly path: string; readonly version: number },
): SubtreeAccess {
  const budget = new CallBudget(caller.shared.world.clock, caller.limited(options))
  return {
    children: (path) =>
      caller.call(budget.limits, () => operations.getChildren(caller.chroot.resolve(path), false)),
    async deleteTogether(paths) {
      const ops = paths.map((path): MultiOp => {
        const version = path === root.path ? root.version : -1
        return { type: OpCode.delete, path: caller.chroot.resolve(path).server, version }
      })
      const failure = multiFailure(await caller.multi(ops, budget.limits), paths)
      if (failure !== undefined) throw failure
    },
  }
}
