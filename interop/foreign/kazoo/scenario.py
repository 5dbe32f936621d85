"""What every kazoo scenario starts from: clients that are stopped at the end, and waiting for a condition."""
import sys
import threading

from kazoo.client import KazooClient


class Scenario:
    def __init__(self, hosts):
        self.hosts = hosts
        self.clients = []

    def client(self, **options):
        client = KazooClient(hosts=self.hosts, timeout=10, **options)
        client.start(timeout=10)
        self.clients.append(client)
        return client

    def stop(self):
        for client in self.clients:
            client.stop()
            client.close()


class Seen:
    """A list that other threads add to, with waiting for its length."""

    def __init__(self):
        self.items = []
        self.changed = threading.Condition()

    def add(self, item):
        with self.changed:
            self.items.append(item)
            self.changed.notify_all()

    def wait_for(self, condition, seconds=10):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self.items), seconds):
                raise AssertionError("not seen in %s s: %r" % (seconds, self.items))
            return list(self.items)


def run(scenarios):
    """Runs the scenario that the command line names: script HOSTS SCENARIO"""
    hosts, name = sys.argv[1], sys.argv[2]
    scenario = Scenario(hosts)
    try:
        scenarios[name](scenario)
        print("passed")
    finally:
        scenario.stop()
