"""Nodes, watches, transactions, ACLs and sessions, through kazoo."""
from kazoo.exceptions import (
    BadVersionError,
    NoAuthError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
    RuntimeInconsistency,
)
from kazoo.security import make_digest_acl

from scenario import Seen, run


def nodes(scenario):
    client = scenario.client()
    assert client.create("/nodes", b"first") == "/nodes"
    data, stat = client.get("/nodes")
    assert (data, stat.version, stat.dataLength) == (b"first", 0, 5)
    assert client.set("/nodes", b"second").version == 1
    client.create("/nodes/deep/tree", makepath=True)
    assert client.get_children("/nodes") == ["deep"]
    for expected, act in [
        (NodeExistsError, lambda: client.create("/nodes")),
        (BadVersionError, lambda: client.set("/nodes", b"", version=7)),
        (NotEmptyError, lambda: client.delete("/nodes")),
        (NoNodeError, lambda: client.get("/absent")),
    ]:
        try:
            act()
        except expected:
            continue
        raise AssertionError("%s was expected" % expected.__name__)
    names = [client.create("/nodes/s-", sequence=True) for _ in range(3)]
    assert names == ["/nodes/s-%010d" % i for i in range(1, 4)], names
    client.delete("/nodes", recursive=True)
    assert client.exists("/nodes") is None


def watches(scenario):
    client, other = scenario.client(), scenario.client()
    client.create("/watched", b"0")
    data, children, once = Seen(), Seen(), Seen()
    client.DataWatch("/watched", lambda value, stat: data.add(value))
    client.ChildrenWatch("/watched", lambda names: children.add(sorted(names)))
    client.exists("/later", watch=lambda event: once.add(event.type))
    for i in range(1, 4):
        other.set("/watched", str(i).encode())
        data.wait_for(lambda items, i=i: items[-1:] == [str(i).encode()])
    other.create("/watched/a")
    children.wait_for(lambda items: items[-1:] == [["a"]])
    other.delete("/watched/a")
    children.wait_for(lambda items: items[-1:] == [[]])
    other.create("/later")
    assert once.wait_for(lambda items: len(items) == 1) == ["CREATED"]
    other.delete("/watched")
    data.wait_for(lambda items: items[-1:] == [None])


def transaction(scenario):
    client = scenario.client()
    client.create("/bank", b"1")
    good = client.transaction()
    good.check("/bank", 0)
    good.create("/bank/a", b"x")
    good.set_data("/bank", b"2")
    good.delete("/bank/a")
    results = good.commit()
    assert results[0] is True and results[1] == "/bank/a" and results[3] is True, results
    assert results[2].version == 1, results
    bad = client.transaction()
    bad.set_data("/bank", b"3")
    bad.check("/bank", 99)
    bad.create("/bank/b")
    kinds = [type(result) for result in bad.commit()]
    assert kinds == [RolledBackError, BadVersionError, RuntimeInconsistency], kinds
    assert client.get("/bank")[0] == b"2"
    assert client.exists("/bank/b") is None


def ephemerals(scenario):
    owner, other = scenario.client(), scenario.client()
    owner.create("/mine", ephemeral=True)
    assert other.exists("/mine").ephemeralOwner == owner.client_id[0]
    gone = Seen()
    other.exists("/mine", watch=lambda event: gone.add(event.type))
    owner.stop()
    assert gone.wait_for(lambda items: len(items) == 1) == ["DELETED"]
    assert other.exists("/mine") is None


def acls(scenario):
    alice = scenario.client(auth_data=[("digest", "alice:secret")])
    stranger = scenario.client()
    acl = make_digest_acl("alice", "secret", all=True)
    alice.create("/private", b"secret", acl=[acl])
    assert alice.get("/private")[0] == b"secret"
    assert alice.get_acls("/private")[0] == [acl]
    try:
        stranger.get("/private")
    except NoAuthError:
        return
    raise AssertionError("a stranger read it")


run({
    "nodes": nodes,
    "watches": watches,
    "transaction": transaction,
    "ephemerals": ephemerals,
    "acls": acls,
})
