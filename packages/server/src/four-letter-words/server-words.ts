/** The words about the server as a whole: srvr, stat, conf, dirs, envi, mntr. */
import { formatZxid } from '@quorate/protocol'
import type { ServerView } from '@quorate/replica'
import { briefConnection } from './connection-words.ts'
import type { InspectedServer } from './inspected-server.ts'
import { javaAverage } from './java-text.ts'

export function srvr(server: InspectedServer): string {
  return `${heading(server)}${statistics(server)}`
}

export function stat(server: InspectedServer): string {
  let text = `${heading(server)}Clients:\n`
  for (const connection of server.connections()) text += `${briefConnection(connection)})\n`
  return `${text}\n${statistics(server)}`
}

function heading({ version, mode, ensemble }: InspectedServer): string {
  // A server alone whose disk is full serves reads to everybody.
  const isCutOff = mode === 'read-only' && ensemble !== undefined
  return `Zookeeper version: ${version}\n${isCutOff ? 'READ-ONLY mode; serving only read-only clients\n' : ''}`
}

function statistics(server: InspectedServer): string {
  const view = server.view()
  const { minMs, averageMs, maxMs } = view.latency
  return (
    `Latency min/avg/max: ${minMs}/${javaAverage(averageMs)}/${maxMs}\n` +
    `Received: ${view.receivedCount}\n` +
    `Sent: ${view.sentCount}\n` +
    `Connections: ${server.connectionCount}\n` +
    `Outstanding: ${view.outstandingCount}\n` +
    `Zxid: 0x${formatZxid(view.lastZxid)}\n` +
    `Mode: ${server.mode}\n` +
    `Node count: ${view.nodeCount}\n` +
    proposalSizes(server)
  )
}

function proposalSizes({ ensemble }: InspectedServer): string {
  if (ensemble?.leading === undefined) return ''
  const { last, min, max } = ensemble.leading.proposalBytes
  return `Proposal sizes last/min/max: ${last}/${min}/${max}\n`
}

export function conf(server: InspectedServer): string {
  const configuration = server.configuration
  const sizes = server.directorySizes()
  const text = lines([
    ['clientPort', configuration.clientPort],
    // Apache prints -1 for a port that is not set.
    ['secureClientPort', -1],
    ['dataDir', configuration.dataDir],
    ['dataDirSize', sizes.dataDirBytes],
    ['dataLogDir', configuration.dataLogDir],
    ['dataLogSize', sizes.dataLogDirBytes],
    ['tickTime', configuration.tickTimeMs],
    ['maxClientCnxns', configuration.maxClientCnxns],
    ['minSessionTimeout', configuration.minSessionTimeoutMs],
    ['maxSessionTimeout', configuration.maxSessionTimeoutMs],
    ['clientPortListenBacklog', configuration.listenBacklog],
    ['serverId', configuration.serverId],
  ])
  return text + ensembleLines(server)
}

function ensembleLines({ ensemble, mode }: InspectedServer): string {
  if (ensemble === undefined) return ''
  const text = lines([
    ['initLimit', ensemble.initLimit],
    ['syncLimit', ensemble.syncLimit],
    ['electionAlg', 3],
    ['electionPort', ensemble.electionPorts.join('|')],
    ['quorumPort', ensemble.quorumPorts.join('|')],
    ['peerType', ensemble.isObserver ? 1 : 0],
  ])
  // The text ends as it does in the znode, without a newline; a read-only server of Apache's shows none.
  return mode === 'read-only' ? text : `${text}membership: \n${ensemble.membershipText}`
}

export function dirs(server: InspectedServer): string {
  const sizes = server.directorySizes()
  return `datadir_size: ${sizes.dataDirBytes}\nlogdir_size: ${sizes.dataLogDirBytes}\n`
}

export function hash(server: InspectedServer): string {
  let text = ''
  for (const [zxid, digest] of server.digests()) text += `${formatZxid(zxid)}: ${digest}\n`
  return text
}

export function envi(server: InspectedServer): string {
  return `Environment:\n${lines(server.environment())}`
}

function lines(entries: Iterable<readonly [string, string | number]>): string {
  let text = ''
  for (const [name, value] of entries) text += `${name}=${value}\n`
  return text
}

/**
 * Compatibility: `mntr` prints only what this server measures; Apache ZooKeeper's some 500 lines are mostly about stages
 * of a request pipeline that does not exist here. Lines that are there have Apache's names and meaning.
 */
export function mntr(server: InspectedServer): string {
  let text = ''
  for (const [name, value] of monitorValues(server)) text += `zk_${name}\t${value}\n`
  return text
}

function* monitorValues(server: InspectedServer): Iterable<readonly [string, string | number]> {
  yield ['version', server.version]
  yield ['server_state', server.mode]
  yield* ensembleValues(server)
  yield* viewValues(server.view())
  yield ['num_alive_connections', server.connectionCount]
  yield* server.metrics()
}

function* ensembleValues({
  ensemble,
  mode,
}: InspectedServer): Iterable<readonly [string, string | number]> {
  // To Apache a read-only server is no member while it is that.
  if (ensemble === undefined || mode === 'read-only') return
  yield ['peer_state', ensemble.peerState]
  yield ['quorum_size', ensemble.voterCount]
  const { leading, observerMasterId, servedObserverCount } = ensemble
  if (observerMasterId !== undefined) yield ['observer_master_id', observerMasterId]
  if (servedObserverCount !== undefined) yield ['synced_observers', servedObserverCount]
  if (leading === undefined) return
  yield ['learners', leading.learnerCount]
  yield ['synced_followers', leading.followerCount]
  yield ['synced_non_voting_followers', leading.nonVoterCount]
  yield ['synced_observers', leading.observerCount]
  yield ['pending_syncs', leading.pendingSyncCount]
  yield ['leader_uptime', leading.leadingForMs]
  yield ['last_proposal_size', leading.proposalBytes.last]
  yield ['max_proposal_size', leading.proposalBytes.max]
  yield ['min_proposal_size', leading.proposalBytes.min]
}

function* viewValues(view: ServerView): Iterable<readonly [string, string | number]> {
  yield ['avg_latency', javaAverage(view.latency.averageMs)]
  yield ['max_latency', view.latency.maxMs]
  yield ['min_latency', view.latency.minMs]
  yield ['packets_received', view.receivedCount]
  yield ['packets_sent', view.sentCount]
  yield ['outstanding_requests', view.outstandingCount]
  yield ['znode_count', view.nodeCount]
  yield ['watch_count', view.watchCount]
  yield ['ephemerals_count', view.ephemeralCount]
  yield ['approximate_data_size', view.approximateDataSize]
  yield ['global_sessions', view.sessionCount]
  yield ['last_client_response_size', view.lastReplyBytes]
  yield ['max_client_response_size', view.maxReplyBytes]
  yield ['min_client_response_size', view.minReplyBytes]
}
