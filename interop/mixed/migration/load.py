"""Load on an ensemble from kazoo clients, and a record of what they were promised.

    load.py HOSTS

Runs until a line comes on standard input, then ends its sessions and prints one JSON object: for each writer how many
writes were acknowledged, and every promise that was seen broken. A write whose answer was lost is asked for again until
its outcome is known.
"""
import json
import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    BadVersionError,
    ConnectionClosedError,
    ConnectionLoss,
    NodeExistsError,
    NoNodeError,
    OperationTimeoutError,
    SessionExpiredError,
)
from kazoo.handlers.threading import KazooTimeoutError

SESSION_TIMEOUT = 20.0
PAUSE = 0.01
# kazoo's own pauses between attempts grow to a minute.
RETRY = {"max_tries": -1, "delay": 0.1, "max_delay": 1}
OPEN_OUTCOME = (ConnectionLoss, ConnectionClosedError, OperationTimeoutError)


class Load:
    def __init__(self, hosts):
        self.hosts = hosts
        self.stopping = threading.Event()
        self.violations = []
        self.writers = {}
        self.counts = {"locks": 0, "watched": 0, "sessions": 0}
        self.longest_gap = 0.0
        self.clients = []

    def violation(self, text):
        self.violations.append(text)

    def client(self, name):
        client = KazooClient(hosts=self.hosts, timeout=SESSION_TIMEOUT, connection_retry=RETRY)

        def changed(state):
            if state == KazooState.LOST and not self.stopping.is_set():
                self.violation("the session of %s was lost" % name)

        client.start(timeout=30)
        client.add_listener(changed)
        self.clients.append(client)
        return client

    def surely(self, attempt):
        """Calls attempt(is_repeated) until its outcome is known."""
        begin = time.monotonic()
        is_repeated = False
        while True:
            try:
                result = attempt(is_repeated)
                self.longest_gap = max(self.longest_gap, time.monotonic() - begin)
                return result
            except OPEN_OUTCOME:
                is_repeated = True
                time.sleep(0.02)

    def create(self, client, path, value=b"", **options):
        def attempt(is_repeated):
            try:
                client.create(path, value, **options)
            except NodeExistsError:
                if not is_repeated:
                    self.violation("%s was there before it was created" % path)

        self.surely(attempt)

    def write(self, name):
        """Nodes numbered without a gap, and a counter whose version counts along."""
        client = self.client(name)
        root = "/load/" + name
        self.create(client, root)
        self.create(client, root + "/counter", b"0")
        record = self.writers[root] = {"created": 0, "counted": 0}
        while not self.stopping.is_set():
            self.create(client, "%s/n-%06d" % (root, record["created"]), name.encode())
            record["created"] += 1
            self.count(client, root + "/counter", record["counted"])
            record["counted"] += 1
            time.sleep(PAUSE)

    def count(self, client, path, version):
        def attempt(is_repeated):
            try:
                client.set(path, str(version + 1).encode(), version)
            except BadVersionError:
                if not is_repeated or client.get(path)[1].version != version + 1:
                    self.violation("%s had another version than %d" % (path, version))

        self.surely(attempt)

    def hold_ephemeral(self, name):
        client = self.client(name)
        path = "/load/" + name
        self.create(client, path, ephemeral=True)
        owner = self.surely(lambda _: client.get(path)[1].ephemeralOwner)
        while not self.stopping.is_set():
            stat = self.surely(lambda _: client.exists(path))
            if stat is None:
                self.violation("the ephemeral %s is gone" % path)
                return
            if stat.ephemeralOwner != owner:
                self.violation("the ephemeral %s has another owner" % path)
            time.sleep(0.1)

    def lock(self, name):
        """Whoever holds the lock leaves its name and finds it again."""
        client = self.client(name)
        while not self.stopping.is_set():
            lock = client.Lock("/load/lock", name)
            try:
                if not lock.acquire(timeout=15):
                    continue
            except OPEN_OUTCOME + (KazooTimeoutError,):
                self.surely(lambda _: lock.release())
                continue
            mark = ("%s %d" % (name, self.counts["locks"])).encode()
            self.surely(lambda _: client.set("/load/holder", mark))
            time.sleep(0.02)
            found = self.surely(lambda _: client.get("/load/holder")[0])
            if found != mark:
                self.violation("%r held the lock together with %r" % (mark, found))
            self.counts["locks"] += 1
            self.surely(lambda _: lock.release())

    def watch(self, name):
        """A watcher in one session sees what another session writes, in order, to the last."""
        writer, watcher = self.client(name + "-writer"), self.client(name)
        self.create(writer, "/load/watched", b"0")
        seen = [0]

        def changed(data, stat):
            # The watcher's server may not have heard of the node at first.
            if data is not None:
                seen.append(int(data))

        watcher.DataWatch("/load/watched", changed)
        last = 0
        while not self.stopping.is_set():
            last += 1
            self.surely(lambda _: writer.set("/load/watched", str(last).encode()))
            time.sleep(0.1)
        deadline = time.monotonic() + 20
        while seen[-1] != last and time.monotonic() < deadline:
            time.sleep(0.05)
        if seen[-1] != last:
            self.violation("the watcher saw %d last, not %d" % (seen[-1], last))
        if seen != sorted(seen):
            self.violation("the watcher went back in time: %r" % seen)
        self.counts["watched"] = len(seen)

    def come_and_go(self, name):
        """Sessions that begin and end all the time, each with an ephemeral."""
        while not self.stopping.is_set():
            client = KazooClient(hosts=self.hosts, timeout=SESSION_TIMEOUT, connection_retry=RETRY)
            try:
                client.start(timeout=30)
                path = "/load/%s-%d" % (name, self.counts["sessions"])
                self.create(client, path, ephemeral=True)
                self.counts["sessions"] += 1
            finally:
                client.stop()
                client.close()
            time.sleep(0.2)

    def guarded(self, work, name):
        try:
            work(name)
        except (Exception, KazooTimeoutError) as error:
            self.violation("%s ended with %r" % (name, error))

    def run(self):
        first = self.client("first")
        self.create(first, "/load")
        self.create(first, "/load/holder")
        works = [(self.write, "writer-1"), (self.write, "writer-2"), (self.watch, "watcher")]
        works += [(self.hold_ephemeral, "ephemeral-1"), (self.hold_ephemeral, "ephemeral-2")]
        works += [(self.lock, "locker-1"), (self.lock, "locker-2"), (self.come_and_go, "visitor")]
        threads = [threading.Thread(target=self.guarded, args=each, daemon=True) for each in works]
        for thread in threads:
            thread.start()
        print("running", flush=True)
        sys.stdin.readline()
        self.stopping.set()
        for thread in threads:
            thread.join(60)
            if thread.is_alive():
                self.violation("%s does not come to an end" % thread.name)
        for client in self.clients:
            client.stop()
            client.close()
        report = {"writers": self.writers, "violations": self.violations, **self.counts}
        print(json.dumps({**report, "longestGapMs": round(self.longest_gap * 1000)}), flush=True)


if __name__ == "__main__":
    Load(sys.argv[1]).run()
