import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMembership } from '@quorate/consensus'
import { beats, type Candidate } from '../../src/election/vote.ts'

const lines = [1, 2, 3, 4].map((id) => `server.${id}=s${id}:2888:3888;2181`)
const { quorums } = parseMembership(
  [...lines, 'group.1=1:2:3:4', 'weight.1=3', 'weight.3=1', 'weight.2=0', 'weight.4=0'].join('\n'),
)

function candidate(leader: number, zxid: number): Candidate {
  return { leader, zxid, peerEpoch: 1 }
}

test('a server of weight 0 is behind everybody who may lead, whatever its history', () => {
  assert.equal(beats(candidate(3, 5), candidate(4, 9), quorums), true)
  assert.equal(beats(candidate(4, 9), candidate(3, 5), quorums), false)
  assert.equal(beats(candidate(4, 9), candidate(2, 5), quorums), false)
})

test('among those who may lead the later history is better, and then the higher id', () => {
  assert.equal(beats(candidate(1, 6), candidate(3, 5), quorums), true)
  assert.equal(beats(candidate(3, 5), candidate(1, 5), quorums), true)
  assert.equal(beats(candidate(1, 5), candidate(1, 5), quorums), false)
})
