"""The publisher in Python: writes each line of standard input to the configuration, and deletes it at the end of input."""
import os
import sys

from kazoo.client import KazooClient

path = "/config"
client = KazooClient(hosts=os.environ.get("QUORATE_CONNECT", "localhost:2181"))
client.start()
try:
    for line in sys.stdin:
        value = line.rstrip("\n").encode()
        if client.exists(path):
            client.set(path, value)
        else:
            client.create(path, value)
    client.delete(path)
finally:
    client.stop()
    client.close()
