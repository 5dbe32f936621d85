import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.CreateMode;

/**
 * Contends by Curator's recipes for what others contend for as well. CuratorContender ADDRESS RECIPE PATH ROUNDS
 * What is done in the critical section: critical-section.ts says it.
 */
public class CuratorContender {
    private static final long SECONDS = 60;

    private final CuratorFramework client;
    private final String path;
    private final int rounds;

    private CuratorContender(CuratorFramework client, String path, int rounds) {
        this.client = client;
        this.path = path;
        this.rounds = rounds;
    }

    public static void main(String[] words) throws Exception {
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(words[0], new ExponentialBackoffRetry(100, 5))) {
            client.start();
            client.blockUntilConnected();
            CuratorContender contender = new CuratorContender(client, words[2], Integer.parseInt(words[3]));
            contender.contend(words[1]);
            System.out.println("passed");
        }
    }

    private void contend(String recipe) throws Exception {
        String contended = path + "/contended";
        switch (recipe) {
            case "mutex":
                locked(new InterProcessMutex(client, contended), this::alone);
                break;
            case "write":
                locked(new InterProcessReadWriteLock(client, contended).writeLock(), this::alone);
                break;
            case "read":
                locked(new InterProcessReadWriteLock(client, contended).readLock(), this::withoutWriter);
                break;
            case "semaphore":
                leased(new InterProcessSemaphoreV2(client, contended, 2));
                break;
            case "latch":
                for (int i = 0; i < rounds; i++)
                    try (LeaderLatch latch = new LeaderLatch(client, contended, "curator")) {
                        latch.start();
                        require(latch.await(SECONDS, TimeUnit.SECONDS), "no leader in time");
                        alone();
                    }
                break;
            case "double barrier":
                DistributedDoubleBarrier barrier = new DistributedDoubleBarrier(client, contended, rounds);
                require(barrier.enter(SECONDS, TimeUnit.SECONDS), "not entered in time");
                require(barrier.leave(SECONDS, TimeUnit.SECONDS), "not left in time");
                break;
            default:
                throw new IllegalArgumentException(recipe);
        }
    }

    private void locked(InterProcessLock lock, Callable<Void> section) throws Exception {
        for (int i = 0; i < rounds; i++) {
            require(lock.acquire(SECONDS, TimeUnit.SECONDS), "no lock in time");
            try {
                section.call();
            } finally {
                lock.release();
            }
        }
    }

    private void leased(InterProcessSemaphoreV2 semaphore) throws Exception {
        for (int i = 0; i < rounds; i++) {
            Lease lease = semaphore.acquire(SECONDS, TimeUnit.SECONDS);
            require(lease != null, "no lease in time");
            try {
                String own = client.create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(path + "/inside/i-");
                require(client.getChildren().forPath(path + "/inside").size() <= 2, "more than two inside");
                client.delete().forPath(own);
            } finally {
                semaphore.returnLease(lease);
            }
        }
    }

    private Void alone() throws Exception {
        client.create().withMode(CreateMode.EPHEMERAL).forPath(path + "/alone");
        int count = Integer.parseInt(new String(client.getData().forPath(path + "/count")));
        client.setData().forPath(path + "/count", Integer.toString(count + 1).getBytes());
        client.delete().forPath(path + "/alone");
        return null;
    }

    private Void withoutWriter() throws Exception {
        for (int i = 0; i < 3; i++)
            require(client.checkExists().forPath(path + "/alone") == null, "a writer is inside");
        return null;
    }

    private static void require(boolean isSo, String otherwise) {
        if (!isSo) throw new IllegalStateException(otherwise);
    }
}
