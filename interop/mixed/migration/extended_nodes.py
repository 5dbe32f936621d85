"""Containers and nodes with a time to live, which this release of kazoo has no calls for: its requests, with other types."""
from kazoo.protocol.serialization import Create2, long_struct
from kazoo.security import OPEN_ACL_UNSAFE

CONTAINER = 4
PERSISTENT_WITH_TTL = 5


class CreateContainer(Create2):
    type = 19


class CreateTtl(Create2):
    type = 21

    def serialize(self):
        return super().serialize() + long_struct.pack(TIME_TO_LIVE_MS)


# One for all, as the request's fields are kazoo's.
TIME_TO_LIVE_MS = 2000


def create_container(client, path):
    return call(client, CreateContainer(path, b"", OPEN_ACL_UNSAFE, CONTAINER))


def create_with_ttl(client, path):
    return call(client, CreateTtl(path, b"", OPEN_ACL_UNSAFE, PERSISTENT_WITH_TTL))


def call(client, request):
    answer = client.handler.async_result()
    client._call(request, answer)
    return answer.get()
