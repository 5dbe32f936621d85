import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.UriSpec;

/**
 * Uses Curator's data recipes beside ours. CuratorData ADDRESS RECIPE PATH ROUNDS
 * Who consumes an item creates a node with its name below PATH/consumed, which fails if the item was consumed before.
 */
public class CuratorData {
    private static final long TIMEOUT_MS = 60_000;

    private final CuratorFramework client;
    private final String shared;
    private final String consumed;
    private final int rounds;

    private CuratorData(CuratorFramework client, String path, int rounds) {
        this.client = client;
        this.shared = path + "/shared";
        this.consumed = path + "/consumed";
        this.rounds = rounds;
    }

    public static void main(String[] words) throws Exception {
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(words[0], new ExponentialBackoffRetry(100, 5))) {
            client.start();
            client.blockUntilConnected();
            new CuratorData(client, words[2], Integer.parseInt(words[3])).use(words[1]);
            System.out.println("passed");
        }
    }

    private void use(String recipe) throws Exception {
        switch (recipe) {
            case "atomic long":
                DistributedAtomicLong number =
                        new DistributedAtomicLong(client, shared, new RetryNTimes(1000, 5));
                for (int i = 0; i < rounds; i++) check(number.increment().succeeded());
                break;
            case "shared count":
                count();
                break;
            case "queue":
                queue();
                break;
            case "group":
                try (GroupMember member = new GroupMember(client, shared, "curator", bytes("java"))) {
                    member.start();
                    until(() -> member.getCurrentMembers().containsKey("ours"));
                    check(text(member.getCurrentMembers().get("ours")).equals("typescript"));
                    until(() -> client.checkExists().forPath(consumed + "/met") != null);
                }
                break;
            case "discovery":
                discover();
                break;
            default:
                throw new IllegalArgumentException(recipe);
        }
    }

    private void count() throws Exception {
        try (SharedCount count = new SharedCount(client, shared, 0)) {
            count.start();
            for (int i = 0; i < rounds; )
                if (count.trySetCount(count.getVersionedValue(), count.getCount() + 1)) i++;
        }
    }

    private void queue() throws Exception {
        SimpleDistributedQueue queue = new SimpleDistributedQueue(client, shared);
        for (int i = 0; i < rounds; i++) check(queue.offer(bytes("curator " + i)));
        for (int i = 0; i < rounds; i++) {
            byte[] item = queue.poll(TIMEOUT_MS, TimeUnit.MILLISECONDS);
            client.create().forPath(consumed + "/" + text(item));
        }
    }

    private void discover() throws Exception {
        ServiceInstance<String> own = ServiceInstance.<String>builder()
                .name("service").id("curator").address("10.0.0.2").port(8080)
                .payload("java").uriSpec(new UriSpec("{scheme}://{address}:{port}")).build();
        try (ServiceDiscovery<String> discovery = ServiceDiscoveryBuilder.builder(String.class)
                .client(client).basePath(shared).thisInstance(own).build()) {
            discovery.start();
            until(() -> discovery.queryForInstance("service", "ours") != null);
            ServiceInstance<String> other = discovery.queryForInstance("service", "ours");
            check(other.getPayload().equals("typescript"));
            check(other.isEnabled());
            check(other.buildUriSpec().equals("http://10.0.0.1:8081/"));
            until(() -> client.checkExists().forPath(consumed + "/met") != null);
        }
    }

    private void until(Callable<Boolean> isSo) throws Exception {
        long ends = System.currentTimeMillis() + TIMEOUT_MS;
        while (!isSo.call()) {
            check(System.currentTimeMillis() < ends);
            Thread.sleep(20);
        }
    }

    private static void check(boolean isSo) {
        if (!isSo) throw new AssertionError();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
