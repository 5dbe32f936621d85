"""kazoo's recipes, each with several clients at once."""
import threading

from scenario import Seen, run


def lock(scenario):
    """Three contenders never hold the lock together, and all of them get it."""
    held, turns = [], Seen()
    overlaps = []

    def contend(client, name):
        for _ in range(5):
            with client.Lock("/lock", name):
                held.append(name)
                if len(held) != 1:
                    overlaps.append(list(held))
                client.set("/counter", str(int(client.get("/counter")[0]) + 1).encode())
                held.remove(name)
            turns.add(name)

    first = scenario.client()
    first.create("/counter", b"0")
    clients = [first, scenario.client(), scenario.client()]
    for i, client in enumerate(clients):
        threading.Thread(target=contend, args=(client, "c%d" % i), daemon=True).start()
    turns.wait_for(lambda items: len(items) == 15, 30)
    assert overlaps == [], overlaps
    assert first.get("/counter")[0] == b"15"


def election(scenario):
    """The next contender leads when the leader's session ends."""
    leaders = Seen()
    release = threading.Event()

    def lead(name):
        leaders.add(name)
        release.wait(20)

    first, second = scenario.client(), scenario.client()
    for client, name in ((first, "first"), (second, "second")):
        threading.Thread(
            target=lambda c=client, n=name: c.Election("/election", n).run(lead, n), daemon=True
        ).start()
        if name == "first":
            leaders.wait_for(lambda items: items == ["first"])
    contenders = second.Election("/election").contenders
    for _ in range(200):
        if len(contenders()) == 2:
            break
    assert sorted(contenders()) == ["first", "second"]
    first.stop()
    leaders.wait_for(lambda items: items == ["first", "second"])
    release.set()


def queue(scenario):
    """Every item comes out once, those of higher priority first."""
    producer, consumer = scenario.client(), scenario.client()
    queue = producer.Queue("/queue")
    for i in range(10):
        queue.put(("low%d" % i).encode())
    queue.put(b"high", priority=10)
    taken = [consumer.Queue("/queue").get() for _ in range(11)]
    assert taken == [b"high"] + [("low%d" % i).encode() for i in range(10)], taken
    assert consumer.Queue("/queue").get() is None


def locking_queue(scenario):
    """A taken item comes back when its holder's session ends before it is consumed."""
    first, second = scenario.client(), scenario.client()
    first.LockingQueue("/locking").put(b"item")
    holder = first.LockingQueue("/locking")
    assert holder.get(timeout=5) == b"item"
    other = second.LockingQueue("/locking")
    assert other.get(timeout=0.1) is None
    first.stop()
    assert other.get(timeout=10) == b"item"
    assert other.consume()


def party(scenario):
    """Members are those whose sessions live."""
    first, second = scenario.client(), scenario.client()
    changes = Seen()
    first.Party("/party", "first").join()
    second.Party("/party", "second").join()
    second.ChildrenWatch("/party", lambda names: changes.add(len(names)))
    assert sorted(second.Party("/party")) == ["first", "second"]
    first.stop()
    changes.wait_for(lambda items: items[-1:] == [1])
    assert list(second.Party("/party")) == ["second"]


def barrier(scenario):
    """Waiting ends when the barrier is removed."""
    first, second = scenario.client(), scenario.client()
    first.Barrier("/barrier").create()
    passed = Seen()
    threading.Thread(
        target=lambda: passed.add(second.Barrier("/barrier").wait(15)), daemon=True
    ).start()
    first.Barrier("/barrier").remove()
    assert passed.wait_for(lambda items: len(items) == 1) == [True]


def counter(scenario):
    """Concurrent additions all count."""
    clients = [scenario.client() for _ in range(3)]
    done = Seen()

    def add(client):
        counter = client.Counter("/sum")
        for _ in range(10):
            counter += 1
        done.add(True)

    for client in clients:
        threading.Thread(target=add, args=(client,), daemon=True).start()
    done.wait_for(lambda items: len(items) == 3, 20)
    assert clients[0].Counter("/sum").value == 30


run({
    "lock": lock,
    "election": election,
    "queue": queue,
    "locking queue": locking_queue,
    "party": party,
    "barrier": barrier,
    "counter": counter,
})
