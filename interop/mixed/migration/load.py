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

from extended_nodes import TIME_TO_LIVE_MS, create_container, create_with_ttl
from silent_session import leave_ephemeral

SESSION_TIMEOUT = 20.0
START_TIMEOUT = 30.0
SILENT_SESSION_TIMEOUT = 5.0
# What is due to go is gone some time after that, elections included.
GONE_TIMEOUT = 60.0
# Longer than servers wait between their looks for what may go.
CONTAINER_USE = 2.5
PAUSE = 0.01
# kazoo's own pauses between attempts grow to a minute.
RETRY = {"max_tries": -1, "delay": 0.1, "max_delay": 1}
OPEN_OUTCOME = (ConnectionLoss, ConnectionClosedError, OperationTimeoutError)


def start(client):
    """kazoo's own start takes a connection that is lost at once for one that never was, and calls it a time-out."""
    if not client.start_async().wait(START_TIMEOUT):
        client.stop()
        raise KazooTimeoutError("no connection in %d s" % START_TIMEOUT)


class Load:
    def __init__(self, hosts):
        self.hosts = hosts
        self.stopping = threading.Event()
        self.violations = []
        self.writers = {}
        self.counts = {"locks": 0, "watched": 0, "visitsSeen": 0, "sessions": 0}
        self.counts.update({"containers": 0, "timesToLive": 0, "expired": 0})
        self.longest_gap = 0.0
        self.clients = []

    def violation(self, text):
        self.violations.append(text)

    def client(self, name):
        client = KazooClient(hosts=self.hosts, timeout=SESSION_TIMEOUT, connection_retry=RETRY)

        def changed(state):
            if state == KazooState.LOST and not self.stopping.is_set():
                self.violation("the session of %s was lost" % name)

        start(client)
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
        self.make(path, lambda: client.create(path, value, **options))

    def make(self, path, create):
        def attempt(is_repeated):
            try:
                create()
            except NodeExistsError:
                if not is_repeated:
                    self.violation("%s was there before it was created" % path)

        self.surely(attempt)

    def delete(self, client, path):
        def attempt(is_repeated):
            try:
                client.delete(path)
            except NoNodeError:
                if not is_repeated:
                    self.violation("%s was gone before it was deleted" % path)

        self.surely(attempt)

    def write(self, name):
        """Nodes numbered without a gap of which every fifth is deleted again, a counter whose version counts along, and
        transactions that count as well."""
        client = self.client(name)
        root = "/load/" + name
        for path in (root, root + "/counter", root + "/multi"):
            self.create(client, path)
        record = self.writers[root] = {"created": 0, "deleted": 0, "counted": 0, "multis": 0}
        while not self.stopping.is_set():
            self.create(client, "%s/n-%06d" % (root, record["created"]), name.encode())
            record["created"] += 1
            self.count(client, root + "/counter", record["counted"])
            record["counted"] += 1
            if record["created"] % 5 == 0:
                self.delete(client, "%s/n-%06d" % (root, 5 * record["deleted"]))
                record["deleted"] += 1
                self.commit(client, root, record["multis"])
                record["multis"] += 1
            time.sleep(PAUSE)

    def count(self, client, path, version):
        def attempt(is_repeated):
            try:
                client.set(path, str(version + 1).encode(), version)
            except BadVersionError:
                if not is_repeated or client.get(path)[1].version != version + 1:
                    self.violation("%s had another version than %d" % (path, version))

        self.surely(attempt)

    def commit(self, client, root, number):
        """A node and a counter, both or neither."""
        path = "%s/m-%06d" % (root, number)

        def attempt(is_repeated):
            transaction = client.transaction()
            transaction.create(path)
            transaction.set_data(root + "/multi", b"", number)
            results = transaction.commit()
            done_before = is_repeated and isinstance(results[0], NodeExistsError)
            if results[0] != path and not done_before:
                self.violation("the transaction of %s gave %r" % (path, results))

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

    def watch_visits(self, name):
        """A watcher of children knows in the end who is there."""
        client = self.client(name)
        seen = [[]]
        client.ChildrenWatch("/load/visits", seen.append)
        self.stopping.wait()
        deadline = time.monotonic() + 20
        there = None
        while time.monotonic() < deadline:
            there = sorted(self.surely(lambda _: client.get_children("/load/visits")))
            if sorted(seen[-1]) == there:
                break
            time.sleep(0.1)
        else:
            self.violation("the watcher saw %r last, not %r" % (seen[-1], there))
        self.counts["visitsSeen"] = len(seen)

    def come_and_go(self, name):
        """Sessions that begin and end all the time, each with an ephemeral."""
        while not self.stopping.is_set():
            client = KazooClient(hosts=self.hosts, timeout=SESSION_TIMEOUT, connection_retry=RETRY)
            try:
                start(client)
                path = "/load/visits/%s-%d" % (name, self.counts["sessions"])
                self.create(client, path, ephemeral=True)
                self.counts["sessions"] += 1
            finally:
                client.stop()
                client.close()
            time.sleep(0.2)

    def fall_silent(self, name):
        """Sessions that expire, none before its time."""
        client = self.client(name)
        number = 0
        while not self.stopping.is_set():
            number += 1
            path = "/load/%s-%d" % (name, number)
            not_before = leave_ephemeral(self.hosts, path, SILENT_SESSION_TIMEOUT)
            if not_before is None:
                time.sleep(0.2)
                continue
            # This client's server may not have heard of what another server has acknowledged.
            self.surely(lambda _: client.sync(path))
            gone_at = self.await_gone(client, path)
            if gone_at is None:
                continue
            if gone_at < not_before:
                early = not_before - gone_at
                self.violation("the session of %s expired %.3f s before its time" % (path, early))
            self.counts["expired"] += 1

    def await_gone(self, client, path):
        """Returns a time at which it is gone, or None when the load ends before that."""
        deadline = time.monotonic() + GONE_TIMEOUT
        while not self.stopping.is_set():
            if self.surely(lambda _: client.exists(path)) is None:
                return time.monotonic()
            if time.monotonic() > deadline:
                self.violation("%s does not go" % path)
                return None
            time.sleep(0.05)
        return None

    def use_containers(self, name):
        """A container stays while it has a child, and goes when it has none left."""
        client = self.client(name)
        while not self.stopping.is_set():
            path = "/load/%s-%d" % (name, self.counts["containers"])
            self.make(path, lambda: create_container(client, path))
            self.create(client, path + "/child")
            self.stopping.wait(CONTAINER_USE)
            if self.surely(lambda _: client.exists(path + "/child")) is None:
                self.violation("%s went with its child in it" % path)
            self.delete(client, path + "/child")
            self.counts["containers"] += 1
            self.await_gone(client, path)

    def use_times_to_live(self, name):
        """A node with a time to live stays while it is written to, or has a child, and goes after that."""
        client = self.client(name)
        while not self.stopping.is_set():
            number = self.counts["timesToLive"]
            path = "/load/%s-%d" % (name, number)
            self.make(path, lambda: create_with_ttl(client, path))
            if number % 2 == 0:
                self.keep_writing(client, path)
            else:
                self.keep_by_child(client, path)
            self.counts["timesToLive"] += 1
            self.await_gone(client, path)

    def keep_writing(self, client, path):
        """Without a leader nothing can be written, so its time may be over; but it may not go before that."""
        # The time of the server, which is this machine's.
        written_ms = 0
        until = time.monotonic() + 1.5 * TIME_TO_LIVE_MS / 1000
        while time.monotonic() < until:
            try:
                written_ms = self.surely(lambda _: client.set(path, b"again")).mtime
            except NoNodeError:
                self.check_age(path, written_ms)
                return
            time.sleep(0.2)

    def keep_by_child(self, client, path):
        try:
            self.create(client, path + "/child")
        except NoNodeError:
            # The election has taken longer than it had to live.
            return
        self.stopping.wait(1.5 * TIME_TO_LIVE_MS / 1000)
        if self.surely(lambda _: client.exists(path + "/child")) is None:
            self.violation("%s went with its child in it" % path)
        self.delete(client, path + "/child")

    def check_age(self, path, written_ms):
        early_ms = written_ms + TIME_TO_LIVE_MS - time.time() * 1000
        if early_ms > 0:
            self.violation("%s went %d ms before its time" % (path, early_ms))

    def guarded(self, work, name):
        try:
            work(name)
        except (Exception, KazooTimeoutError) as error:
            self.violation("%s ended with %r" % (name, error))

    def run(self):
        first = self.client("first")
        self.create(first, "/load")
        self.create(first, "/load/holder")
        self.create(first, "/load/visits")
        works = [(self.write, "writer-1"), (self.write, "writer-2"), (self.watch, "watcher")]
        works += [(self.hold_ephemeral, "ephemeral-1"), (self.hold_ephemeral, "ephemeral-2")]
        works += [(self.lock, "locker-1"), (self.lock, "locker-2"), (self.come_and_go, "visitor")]
        works += [(self.watch_visits, "visits"), (self.fall_silent, "silent")]
        works += [(self.use_containers, "container"), (self.use_times_to_live, "ttl")]
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
