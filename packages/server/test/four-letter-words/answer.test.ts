/** The expected texts are what Apache ZooKeeper 3.8.0 answered in the same situation, but for the version. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OpCode, type SessionId } from '@quorate/protocol'
import type { ConnectionView, LatencyView, SessionsView } from '@quorate/replica'
import { answerWord, type Whitelist } from '../../src/four-letter-words/answer.ts'
import type {
  EnsembleView,
  InspectedServer,
  ListedConnection,
} from '../../src/four-letter-words/inspected-server.ts'
import { fourLetterWords, type FourLetterWord } from '../../src/four-letter-words/word.ts'

const noLatency: LatencyView = { minMs: 0, averageMs: 0, maxMs: 0, count: 0 }
const session = 0x100001d5eb60000n as SessionId

function connection(port: number, fields: Partial<ConnectionView> = {}): ConnectionView {
  return {
    remoteAddress: '127.0.0.1',
    remotePort: port,
    sessionId: 0n as SessionId,
    sessionTimeoutMs: 10_000,
    establishedAtMs: 500,
    outstandingCount: 0,
    receivedCount: 1,
    sentCount: 0,
    lastOperation: undefined,
    lastCxid: -1,
    lastZxid: -1,
    lastResponseAtMs: 0,
    lastLatencyMs: 0,
    latency: noLatency,
    isReading: true,
    resetStats() {},
    ...fields,
  }
}

function server(fields: Partial<InspectedServer> = {}): InspectedServer {
  const listed: readonly ListedConnection[] = [
    {
      interestOps: 1,
      view: connection(37608, {
        sessionId: session,
        receivedCount: 6,
        sentCount: 6,
        lastOperation: OpCode.getChildren2,
        lastCxid: 5,
        lastZxid: 4,
        lastResponseAtMs: 1_925_347,
        lastLatencyMs: 2,
        latency: { minMs: 0, averageMs: 4.75, maxMs: 15, count: 4 },
      }),
    },
    { interestOps: 0, view: connection(37662) },
  ]
  return {
    version: '3.9.4-quorate 0.1.0',
    mode: 'standalone',
    isServing: true,
    configuration: {
      clientPort: 22931,
      dataDir: '/d/version-2',
      dataLogDir: '/l/version-2',
      tickTimeMs: 500,
      maxClientCnxns: 60,
      minSessionTimeoutMs: 1_000,
      maxSessionTimeoutMs: 10_000,
      listenBacklog: -1,
      serverId: 0,
    },
    ensemble: undefined,
    connectionCount: 3,
    traceMask: 306n,
    monotonicMs: () => 1_000,
    wallMs: () => 1_795_362_099_298,
    view: () => ({
      latency: { minMs: 0, averageMs: 3.75, maxMs: 15, count: 4 },
      receivedCount: 10,
      sentCount: 9,
      outstandingCount: 0,
      lastZxid: 4,
      nodeCount: 7,
      approximateDataSize: 51,
      ephemeralCount: 1,
      watchCount: 4,
      sessionCount: 2,
      lastReplyBytes: 44,
      minReplyBytes: 22,
      maxReplyBytes: 89,
    }),
    sessions: () => ({
      sessionIdsByExpiryMs: new Map([[11_000, [session]]]),
      localSessionIdsByExpiryMs: undefined,
      timeoutMsBySessionId: new Map([[session, 10_000]]),
      ephemeralPathsBySessionId: new Map([[session, ['/e1']]]),
    }),
    watches: () => ({
      connectionCount: 2,
      pathCount: 2,
      watchCount: 3,
      pathsBySessionId: new Map([[session, ['/p', '/e1']]]),
      sessionIdsByPath: new Map([['/p', [session, (session + 1n) as SessionId]]]),
    }),
    connections: () => listed,
    directorySizes: () => ({ dataDirBytes: 67_109_337, dataLogDirBytes: 5 }),
    digests: () => [[0x80, -5n]],
    metrics: () => [['uptime', '651']],
    environment: () => [['zookeeper.version', '3.9.4-quorate 0.1.0']],
    resetServerStats() {},
    ...fields,
  }
}

function answer(
  word: FourLetterWord,
  of: InspectedServer = server(),
  whitelist: Whitelist = 'all',
): string {
  return answerWord(word, new Uint8Array(0), of, whitelist)
}

const statistics =
  'Latency min/avg/max: 0/3.75/15\nReceived: 10\nSent: 9\nConnections: 3\nOutstanding: 0\nZxid: 0x4\nMode: standalone\nNode count: 7\n'

describe('answerWord', () => {
  it('answers srvr and stat', () => {
    const version = 'Zookeeper version: 3.9.4-quorate 0.1.0\n'
    assert.equal(answer('srvr'), version + statistics)
    const clients =
      'Clients:\n /127.0.0.1:37608[1](queued=0,recved=6,sent=6)\n /127.0.0.1:37662[0](queued=0,recved=1,sent=0)\n\n'
    assert.equal(answer('stat'), version + clients + statistics)
  })

  it('answers cons, with session fields only where there is a session', () => {
    assert.equal(
      answer('cons'),
      ' /127.0.0.1:37608[1](queued=0,recved=6,sent=6,sid=0x100001d5eb60000,lop=GETC,est=1795362098798,to=10000,lcxid=0x5,lzxid=0x4,lresp=1925347,llat=2,minlat=0,avglat=4,maxlat=15)\n' +
        ' /127.0.0.1:37662[0](queued=0,recved=1,sent=0)\n\n',
    )
  })

  it('shows a connection after crst as Apache does: no cxid, zxid -1, operation NA', () => {
    const view = connection(37616, { sessionId: session, receivedCount: 0 })
    assert.equal(
      answer('cons', server({ connections: () => [{ interestOps: 1, view }] })),
      ' /127.0.0.1:37616[1](queued=0,recved=0,sent=0,sid=0x100001d5eb60000,lop=NA,est=1795362098798,to=10000,lzxid=0xffffffffffffffff,lresp=0,llat=0,minlat=0,avglat=0,maxlat=0)\n\n',
    )
  })

  it('answers conf and dirs', () => {
    assert.equal(
      answer('conf'),
      'clientPort=22931\nsecureClientPort=-1\ndataDir=/d/version-2\ndataDirSize=67109337\ndataLogDir=/l/version-2\ndataLogSize=5\ntickTime=500\nmaxClientCnxns=60\nminSessionTimeout=1000\nmaxSessionTimeout=10000\nclientPortListenBacklog=-1\nserverId=0\n',
    )
    assert.equal(answer('dirs'), 'datadir_size: 67109337\nlogdir_size: 5\n')
  })

  it('answers wchs, wchc and wchp', () => {
    assert.equal(answer('wchs'), '2 connections watching 2 paths\nTotal watches:3\n')
    assert.equal(answer('wchc'), '0x100001d5eb60000\n\t/p\n\t/e1\n\n')
    assert.equal(answer('wchp'), '/p\n\t0x100001d5eb60000\n\t0x100001d5eb60001\n\n')
  })

  it('answers dump with dates in the local zone', () => {
    const lines = answer('dump').split('\n')
    const date = /^\d+ expire at [A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \S+ 2026:$/
    for (const at of [2, 10, 12]) assert.match(lines[at] ?? '', date)
    const undated = lines.map((line) => line.replace(/at .*/, 'at …'))
    assert.deepEqual(undated.slice(0, 11), [
      'SessionTracker dump:',
      'Session Sets (1)/(1):',
      '1 expire at …',
      '\t0x100001d5eb60000',
      'ephemeral nodes dump:',
      'Sessions with Ephemerals (1):',
      '0x100001d5eb60000:',
      '\t/e1',
      'Connections dump:',
      'Connections Sets (2)/(2):',
      '1 expire at …',
    ])
    assert.ok(lines.includes('\tip: /127.0.0.1:37608 sessionId: 0x100001d5eb60000'))
    assert.ok(lines.includes('\tip: /127.0.0.1:37662 sessionId: 0x0'))
  })

  it('answers dump with the timeouts of sessions where the leader lets them expire', () => {
    const later = (session + 0x1000_0000_0000_0000n) as SessionId
    const high = 0xff00_01d5_eb60_0000n as SessionId
    const sessions = () => ({
      sessionIdsByExpiryMs: undefined,
      localSessionIdsByExpiryMs: undefined,
      timeoutMsBySessionId: new Map([
        [later, 30_000],
        [session, 10_000],
        [high, 4_000],
      ]),
      ephemeralPathsBySessionId: new Map(),
    })
    const lines = answer('dump', server({ sessions })).split('\n')
    assert.deepEqual(lines.slice(0, 6), [
      'SessionTracker dump:',
      'Global Sessions(3):',
      '0xff0001d5eb600000\t4000ms',
      '0x100001d5eb60000\t10000ms',
      '0x1100001d5eb60000\t30000ms',
      'ephemeral nodes dump:',
    ])
  })

  it('answers dump with local sessions before those of everybody', () => {
    const local = (session + 1n) as SessionId
    const known = {
      localSessionIdsByExpiryMs: new Map([[12_000, [local]]]),
      timeoutMsBySessionId: new Map([[session, 10_000]]),
      ephemeralPathsBySessionId: new Map(),
    }
    const undated = (sessionIdsByExpiryMs: SessionsView['sessionIdsByExpiryMs']) =>
      answer('dump', server({ sessions: () => ({ ...known, sessionIdsByExpiryMs }) }))
        .replaceAll(/at .*/g, 'at …')
        .split('\n')
    const locals = ['Local Session Sets (1)/(1):', '1 expire at …', '\t0x100001d5eb60001']
    assert.deepEqual(undated(new Map([[11_000, [session]]])).slice(1, 8), [
      ...locals,
      'Global Session Sets (1)/(1):',
      '1 expire at …',
      '\t0x100001d5eb60000',
      'ephemeral nodes dump:',
    ])
    assert.deepEqual(undated(undefined).slice(1, 7), [
      ...locals,
      'Global Sessions(1):',
      '0x100001d5eb60000\t10000ms',
      'ephemeral nodes dump:',
    ])
  })

  it('answers mntr with tab separated lines, version and state first', () => {
    const lines = answer('mntr').split('\n')
    assert.equal(lines[0], 'zk_version\t3.9.4-quorate 0.1.0')
    assert.equal(lines[1], 'zk_server_state\tstandalone')
    for (const line of [
      'zk_avg_latency\t3.75',
      'zk_znode_count\t7',
      'zk_num_alive_connections\t3',
      'zk_uptime\t651',
    ]) {
      assert.ok(lines.includes(line), line)
    }
  })

  it('answers the short words without a newline', () => {
    assert.equal(answer('ruok'), 'imok')
    assert.equal(answer('isro'), 'rw')
    assert.equal(answer('gtmk'), '306')
  })

  it('takes the mask of stmk as a signed 64-bit number', () => {
    const of = server()
    assert.equal(answerWord('stmk', new Uint8Array(8).fill(255), of, 'all'), '-1')
    assert.equal(answer('gtmk', of), '-1')
    assert.equal(answerWord('stmk', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7), of, 'all'), '7')
  })

  it('answers hash and envi', () => {
    assert.equal(answer('hash'), '80: -5\n')
    assert.equal(answer('envi'), 'Environment:\nzookeeper.version=3.9.4-quorate 0.1.0\n')
  })

  it('resets connections and server', () => {
    let resets = 0
    const view = connection(1, { resetStats: () => void resets++ })
    const of = server({
      connections: () => [{ interestOps: 1, view }],
      resetServerStats: () => void (resets += 10),
    })
    assert.equal(answer('crst', of), 'Connection stats reset.\n')
    assert.equal(answer('srst', of), 'Server stats reset.\n')
    assert.equal(resets, 11)
  })

  it('says which word is not in the whitelist', () => {
    assert.equal(
      answer('stat', server(), new Set(['srvr'])),
      'stat is not executed because it is not in the whitelist.\n',
    )
    assert.match(answer('srvr', server(), new Set(['srvr'])), /^Zookeeper version/)
  })

  it('says so when it is not serving', () => {
    const notServing = 'This ZooKeeper instance is not currently serving requests\n'
    const alive: readonly string[] = ['ruok', 'envi', 'gtmk', 'stmk', 'isro', 'hash']
    for (const word of fourLetterWords) {
      if (!alive.includes(word))
        assert.equal(answer(word, server({ isServing: false })), notServing)
    }
    assert.equal(answer('ruok', server({ isServing: false })), 'imok')
    assert.equal(answer('isro', server({ isServing: false })), 'null')
    assert.equal(answer('hash', server({ isServing: false })), notServing.trimEnd())
  })
})

const membershipText =
  'server.1=127.0.0.1:42281:42381:participant\nserver.2=127.0.0.1:42282:42382:participant\n' +
  'server.3=127.0.0.1:42283:42383:participant\nversion=100000000'

const following: EnsembleView = {
  initLimit: 10,
  syncLimit: 5,
  electionPorts: [42381],
  quorumPorts: [42281],
  isObserver: false,
  membershipText,
  voterCount: 3,
  peerState: 'following - broadcast',
  leading: undefined,
  observerMasterId: undefined,
  servedObserverCount: undefined,
}

const leading: EnsembleView = {
  ...following,
  peerState: 'leading - broadcast',
  leading: {
    learnerCount: 4,
    followerCount: 2,
    nonVoterCount: 1,
    observerCount: 3,
    pendingSyncCount: 7,
    leadingForMs: 762,
    proposalBytes: { last: 36, min: 32, max: 48 },
  },
}

function lastLines(text: string, from: string): string {
  return text.slice(text.indexOf(from))
}

function monitored(ensemble: EnsembleView, mode: InspectedServer['mode']): readonly string[] {
  return answer('mntr', server({ mode, ensemble })).split('\n').slice(1, 13)
}

describe('answerWord of a member of an ensemble', () => {
  it('shows the sizes of proposals in srvr and stat while it leads', () => {
    const leader = server({ mode: 'leader', ensemble: leading })
    for (const word of ['srvr', 'stat'] as const) {
      assert.equal(
        lastLines(answer(word, leader), 'Mode'),
        'Mode: leader\nNode count: 7\nProposal sizes last/min/max: 36/32/48\n',
      )
    }
    const follower = server({ mode: 'follower', ensemble: following })
    assert.equal(lastLines(answer('srvr', follower), 'Mode'), 'Mode: follower\nNode count: 7\n')
  })

  it('shows its ports, its role and the membership in conf', () => {
    assert.equal(
      lastLines(answer('conf', server({ mode: 'follower', ensemble: following })), 'initLimit'),
      `initLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=42381\nquorumPort=42281\npeerType=0\nmembership: \n${membershipText}`,
    )
    const observing = { ...following, isObserver: true, electionPorts: [1, 2], quorumPorts: [3, 4] }
    const text = answer('conf', server({ mode: 'observer', ensemble: observing }))
    assert.match(text, /\nelectionPort=1\|2\nquorumPort=3\|4\npeerType=1\n/)
  })

  it('shows in mntr who serves an observer, and how many a follower serves', () => {
    const observer = { ...following, observerMasterId: 2 }
    assert.ok(monitored(observer, 'observer').includes('zk_observer_master_id\t2'))
    const master = { ...following, servedObserverCount: 5 }
    assert.ok(monitored(master, 'follower').includes('zk_synced_observers\t5'))
  })

  it('shows in mntr what it does, and its learners while it leads', () => {
    assert.deepEqual(monitored(leading, 'leader'), [
      'zk_server_state\tleader',
      'zk_peer_state\tleading - broadcast',
      'zk_quorum_size\t3',
      'zk_learners\t4',
      'zk_synced_followers\t2',
      'zk_synced_non_voting_followers\t1',
      'zk_synced_observers\t3',
      'zk_pending_syncs\t7',
      'zk_leader_uptime\t762',
      'zk_last_proposal_size\t36',
      'zk_max_proposal_size\t48',
      'zk_min_proposal_size\t32',
    ])
    assert.deepEqual(monitored(following, 'follower').slice(0, 4), [
      'zk_server_state\tfollower',
      'zk_peer_state\tfollowing - broadcast',
      'zk_quorum_size\t3',
      'zk_avg_latency\t3.75',
    ])
  })

  it('says that it is read-only, and is to itself no member then', () => {
    const readOnly = server({ mode: 'read-only', ensemble: following })
    assert.equal(answer('isro', readOnly), 'ro')
    for (const word of ['srvr', 'stat'] as const) {
      assert.equal(
        answer(word, readOnly).split('\n')[1],
        'READ-ONLY mode; serving only read-only clients',
      )
    }
    assert.match(answer('conf', readOnly), /peerType=0\n$/)
    assert.doesNotMatch(answer('mntr', readOnly), /peer_state|quorum_size/)
  })
})
