"""Contends by kazoo's recipes for what others contend for as well. kazoo_contender.py ADDRESS RECIPE PATH ROUNDS

What is done in the critical section: critical-section.ts says it.
"""
import sys

from kazoo.client import KazooClient


class Contender:
    def __init__(self, client, path, rounds):
        self.client = client
        self.path = path
        self.rounds = rounds

    def contend(self, recipe):
        contended = self.path + "/contended"
        if recipe == "lock":
            self.locked(self.client.Lock(contended, "kazoo"), self.alone)
        elif recipe == "lock among curators":
            lock = self.client.Lock(contended, "kazoo", extra_lock_patterns=["-lock-"])
            self.locked(lock, self.alone)
        elif recipe == "write":
            self.locked(self.client.WriteLock(contended, "kazoo"), self.alone)
        elif recipe == "read":
            self.locked(self.client.ReadLock(contended, "kazoo"), self.without_writer)
        elif recipe == "election":
            election = self.client.Election(contended, "kazoo")
            for _ in range(self.rounds):
                election.run(self.alone)
        elif recipe == "double barrier":
            barrier = self.client.DoubleBarrier(contended, self.rounds)
            barrier.enter()
            barrier.leave()
        else:
            raise ValueError(recipe)

    def locked(self, lock, section):
        for _ in range(self.rounds):
            assert lock.acquire(timeout=60)
            try:
                section()
            finally:
                lock.release()

    def alone(self):
        self.client.create(self.path + "/alone", ephemeral=True)
        count = int(self.client.get(self.path + "/count")[0])
        self.client.set(self.path + "/count", str(count + 1).encode())
        self.client.delete(self.path + "/alone")

    def without_writer(self):
        for _ in range(3):
            assert self.client.exists(self.path + "/alone") is None, "a writer is inside"


if __name__ == "__main__":
    address, recipe, path, rounds = sys.argv[1:]
    client = KazooClient(hosts=address, timeout=10)
    client.start(timeout=10)
    try:
        Contender(client, path, int(rounds)).contend(recipe)
        print("passed")
    finally:
        client.stop()
        client.close()
