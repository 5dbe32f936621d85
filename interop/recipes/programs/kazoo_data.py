"""Uses kazoo's data recipes beside ours. kazoo_data.py ADDRESS RECIPE PATH ROUNDS

Who consumes an item creates a node with its name below PATH/consumed, which fails if the item was consumed before.
"""
import sys
import time

from kazoo.client import KazooClient

timeout = 60


class User:
    def __init__(self, client, path, rounds):
        self.client = client
        self.shared = path + "/shared"
        self.consumed = path + "/consumed"
        self.rounds = rounds

    def use(self, recipe):
        if recipe == "counter":
            self.count(self.client.Counter(self.shared))
        elif recipe == "curator counter":
            self.count(self.client.Counter(self.shared, support_curator=True))
        elif recipe == "queue":
            self.queue()
        elif recipe == "locking queue":
            self.locking_queue()
        elif recipe == "party":
            self.meet(self.client.Party(self.shared, "kazoo"))
        elif recipe == "shallow party":
            self.meet(self.client.ShallowParty(self.shared, "kazoo"))
        elif recipe == "set partitioner":
            self.partition()
        else:
            raise ValueError(recipe)

    def count(self, counter):
        for _ in range(self.rounds):
            counter += 1

    def queue(self):
        queue = self.client.Queue(self.shared)
        for item in range(self.rounds):
            queue.put(b"kazoo %d" % item)
        for _ in range(self.rounds):
            self.note(self.until(queue.get))

    def locking_queue(self):
        queue = self.client.LockingQueue(self.shared)
        for item in range(self.rounds):
            queue.put(b"kazoo %d" % item)
        for _ in range(self.rounds):
            item = queue.get(timeout)
            assert queue.consume()
            self.note(item)

    def note(self, item):
        self.client.create(self.consumed + "/" + item.decode())

    def meet(self, party):
        party.join()
        self.until(lambda: sorted(party) == ["kazoo", "ours"] and len(party) == 2)
        # The others see us before we leave.
        self.until(lambda: self.client.exists(self.consumed + "/met"))
        party.leave()

    def partition(self):
        partitioner = self.client.SetPartitioner(
            self.shared, set=("a", "b", "c", "d"), identifier="kazoo", time_boundary=0.5
        )
        while len(list(partitioner)) != 2:
            if partitioner.failed:
                raise AssertionError("failed")
            if partitioner.release:
                partitioner.release_set()
            elif partitioner.acquired:
                time.sleep(0.02)
            else:
                partitioner.wait_for_acquire(1)
        self.note(" ".join(partitioner).encode())
        self.until(lambda: self.client.exists(self.consumed + "/met"))
        partitioner.finish()

    def until(self, question):
        """What the question is answered with, when that is something."""
        ends = time.monotonic() + timeout
        while time.monotonic() < ends:
            answer = question()
            if answer:
                return answer
            time.sleep(0.02)
        raise AssertionError("nothing came in time")


if __name__ == "__main__":
    address, recipe, path, rounds = sys.argv[1:]
    client = KazooClient(hosts=address, timeout=10)
    client.start(timeout=10)
    try:
        User(client, path, int(rounds)).use(recipe)
        print("passed")
    finally:
        client.stop()
        client.close()
