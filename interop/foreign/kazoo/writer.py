"""Creates nodes by kazoo, one after another, until a line comes on standard input; then it prints a report.

    writer.py HOSTS PREFIX

Each line on standard output is JSON, as WriterMessage of addon-writer.ts has it: how many nodes were acknowledged, and in the end what
they were, with the ids of the session at each connection.
"""
import json
import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    ConnectionClosedError,
    ConnectionLoss,
    NodeExistsError,
    OperationTimeoutError,
)

SESSION_TIMEOUT = 30.0
START_TIMEOUT = 30.0
# kazoo's own pauses between attempts grow to a minute.
RETRY = {"max_tries": -1, "delay": 0.1, "max_delay": 1}
OPEN_OUTCOME = (ConnectionLoss, ConnectionClosedError, OperationTimeoutError)


def tell(message):
    print(json.dumps(message), flush=True)


def surely(client, path, **options):
    """Asks until it is known that the node is there."""
    is_repeated = False
    while True:
        try:
            client.create(path, **options)
            return
        except NodeExistsError:
            if not is_repeated:
                raise
            return
        except OPEN_OUTCOME:
            is_repeated = True
            time.sleep(0.02)


def main(hosts, prefix):
    client = KazooClient(hosts=hosts, timeout=SESSION_TIMEOUT, connection_retry=RETRY)
    sessions = []

    def changed(state):
        if state == KazooState.CONNECTED:
            sessions.append("%x" % client.client_id[0])
        elif state == KazooState.LOST:
            sessions.append("lost")

    client.add_listener(changed)
    # kazoo's own start takes a connection that is lost at once for one that never was.
    if not client.start_async().wait(START_TIMEOUT):
        raise RuntimeError("no connection in %d s" % START_TIMEOUT)
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), ending.set()), daemon=True).start()
    surely(client, "/%sephemeral" % prefix, ephemeral=True)
    acknowledged = []
    tell(0)
    is_last = False
    while not is_last:
        # The last one when all is quiet.
        is_last = ending.is_set()
        name = "%s%d" % (prefix, len(acknowledged))
        surely(client, "/" + name)
        acknowledged.append(name)
        tell(len(acknowledged))
    # The session goes on, as its ephemeral is looked for; the parent ends this process.
    tell({"acknowledged": acknowledged, "sessions": sessions})
    threading.Event().wait()


main(*sys.argv[1:])
