"""A session with an ephemeral that falls silent: its connection ends without a good-bye."""
import random
import socket
import struct
import time

from kazoo.protocol.serialization import Connect, Create, int_struct, reply_header_struct
from kazoo.security import OPEN_ACL_UNSAFE

EPHEMERAL = 1
NO_ERROR = 0
ANSWER_TIMEOUT = 5


def leave_ephemeral(hosts, path, timeout):
    """Returns the time before which the ephemeral has to stay, or None when no server has answered."""
    host, port = random.choice(hosts.split(",")).split(":")
    try:
        with socket.create_connection((host, int(port)), ANSWER_TIMEOUT) as connection:
            connection.settimeout(ANSWER_TIMEOUT)
            send(connection, Connect(0, 0, round(timeout * 1000), 0, bytes(16), False).serialize())
            granted = Connect.deserialize(receive(connection), 0)[0].time_out / 1000
            create = Create(path, b"", OPEN_ACL_UNSAFE, EPHEMERAL)
            last_heard = time.monotonic()
            send(connection, struct.pack("!ii", 1, Create.type) + create.serialize())
            _, _, error = reply_header_struct.unpack_from(receive(connection), 0)
            return last_heard + granted if error == NO_ERROR and granted > 0 else None
    except (OSError, struct.error):
        return None


def send(connection, body):
    connection.sendall(int_struct.pack(len(body)) + body)


def receive(connection):
    (length,) = int_struct.unpack(exactly(connection, int_struct.size))
    return exactly(connection, length)


def exactly(connection, length):
    received = b""
    while len(received) < length:
        chunk = connection.recv(length - len(received))
        if not chunk:
            raise OSError("the server has closed")
        received += chunk
    return received
