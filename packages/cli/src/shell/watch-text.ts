/** Watch events and changes of the session's state as zkCli prints them. */
import type { Change, SessionState } from '@quorate/client'

export function changeText({ type, path, zxid }: Change): string {
  const name = type[0]!.toUpperCase() + type.slice(1)
  return watchedEvent('SyncConnected', name, path, zxid === undefined ? '' : ` zxid: ${zxid}`)
}

/** Undefined for states that zkCli does not tell. */
export function stateText(state: SessionState, isReadOnly: boolean): string | undefined {
  switch (state) {
    case 'connected':
      return watchedEvent(isReadOnly ? 'ConnectedReadOnly' : 'SyncConnected', 'None', 'null')
    case 'disconnected':
      return watchedEvent('Disconnected', 'None', 'null')
    case 'expired':
      return watchedEvent('Expired', 'None', 'null')
    case 'closed':
      return watchedEvent('Closed', 'None', 'null')
    default:
      return undefined
  }
}

/** The state in the prompt. */
export function promptState(state: SessionState, isReadOnly: boolean): string {
  if (state === 'connected') return isReadOnly ? 'CONNECTEDREADONLY' : 'CONNECTED'
  return state === 'closed' || state === 'expired' ? 'CLOSED' : 'CONNECTING'
}

function watchedEvent(state: string, type: string, path: string, rest = ''): string {
  return `WatchedEvent state:${state} type:${type} path:${path}${rest}`
}
