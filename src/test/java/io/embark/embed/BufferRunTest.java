package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BufferRunTest {
  private static final int SECONDS = 20;

  /** Batches of one text each, their row the number of the batch. */
  private static List<Batch> batches(int count) {
    BatchPlanner planner = new BatchPlanner(16, 0);
    List<Tokens> texts =
        IntStream.range(0, count).mapToObj(i -> new Tokens(new long[] {1, 2, 3}, 3)).toList();
    return IntStream.range(0, count).mapToObj(i -> planner.batch(texts, new int[] {i})).toList();
  }

  @RepeatedTest(50)
  void everyBatchRunsOnceAndNeverMoreAtATimeThanThereAreCores() {
    Cores cores = new Cores(3);
    cores.take();
    List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    BufferRun.all(
        batches(40),
        batch -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          ran.add(batch.rows()[0]);
          Thread.onSpinWait();
          running.decrementAndGet();
        },
        cores);
    assertThat(ran).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 40).boxed().toList());
    assertThat(most.get()).isLessThanOrEqualTo(3);
    assertThat(running.get()).as("running after the end").isZero();
    assertThat(free(cores)).isEqualTo(2);
  }

  @Test
  void aFreeCoreIsUsed() {
    Cores cores = new Cores(2);
    cores.take();
    CyclicBarrier both = new CyclicBarrier(2);
    Set<String> threads = Collections.synchronizedSet(new HashSet<>());
    BufferRun.all(
        batches(2),
        batch -> {
          threads.add(Thread.currentThread().getName());
          // Nobody comes by here alone.
          meet(both);
        },
        cores);
    assertThat(threads).hasSize(2).contains(Thread.currentThread().getName());
  }

  @Test
  void withoutAThreadToBeHadTheThreadThatAsksDoesItAll() {
    for (Throwable no :
        List.of(
            new OutOfMemoryError("unable to create native thread"),
            new RejectedExecutionException())) {
      Cores cores = new Cores(3);
      cores.take();
      AtomicInteger asked = new AtomicInteger();
      ExecutorService none =
          new AbstractExecutorService() {
            @Override
            public void execute(Runnable work) {
              asked.incrementAndGet();
              throw BufferRunTest.<RuntimeException>thrown(no);
            }

            @Override
            public void shutdown() {}

            @Override
            public List<Runnable> shutdownNow() {
              return List.of();
            }

            @Override
            public boolean isShutdown() {
              return false;
            }

            @Override
            public boolean isTerminated() {
              return false;
            }

            @Override
            public boolean awaitTermination(long timeout, TimeUnit unit) {
              return true;
            }
          };
      List<Integer> ran = new ArrayList<>();
      BufferRun.all(batches(20), batch -> ran.add(batch.rows()[0]), cores, none);
      assertThat(ran).isEqualTo(IntStream.range(0, 20).boxed().toList());
      assertThat(asked).as("times a thread was asked for").hasValue(1);
      assertThat(free(cores)).isEqualTo(2);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> T thrown(Throwable any) throws T {
    throw (T) any;
  }

  @Test
  void withoutAFreeCoreTheThreadThatAsksDoesItAll() {
    Cores cores = new Cores(2);
    cores.take();
    cores.take();
    Set<Thread> threads = Collections.synchronizedSet(new HashSet<>());
    BufferRun.all(batches(20), batch -> threads.add(Thread.currentThread()), cores);
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void aStreamThatComesGetsItsCoreAfterTheBatchThatIsOnIt() {
    Cores cores = new Cores(2);
    cores.take();
    Thread asking = Thread.currentThread();
    CountDownLatch helped = new CountDownLatch(1);
    CountDownLatch came = new CountDownLatch(1);
    AtomicInteger ofHelper = new AtomicInteger();
    BufferRun.all(
        batches(20),
        batch -> {
          if (Thread.currentThread() == asking) {
            if (came.getCount() > 0) {
              await(helped);
              cores.take();
              came.countDown();
            }
          } else {
            ofHelper.incrementAndGet();
            helped.countDown();
            await(came);
          }
        },
        cores);
    assertThat(ofHelper.get()).isEqualTo(1);
    assertThat(free(cores)).isZero();
  }

  @Test
  void whatFailsOnAnotherCoreFailsTheBufferAndNothingRunsOn() {
    Cores cores = new Cores(2);
    cores.take();
    Thread asking = Thread.currentThread();
    CountDownLatch failed = new CountDownLatch(1);
    AtomicInteger ran = new AtomicInteger();
    assertThatThrownBy(
            () ->
                BufferRun.all(
                    batches(1000),
                    batch -> {
                      ran.incrementAndGet();
                      if (Thread.currentThread() != asking) {
                        failed.countDown();
                        throw new IllegalArgumentException("on another core");
                      }
                      await(failed);
                    },
                    cores))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("on another core");
    assertThat(ran.get()).isLessThan(1000);
    assertThat(free(cores)).isEqualTo(1);
  }

  @Test
  void whatFailsHereWaitsForWhatRunsElsewhere() {
    Cores cores = new Cores(2);
    cores.take();
    Thread asking = Thread.currentThread();
    CountDownLatch helping = new CountDownLatch(1);
    AtomicInteger ended = new AtomicInteger();
    assertThatThrownBy(
            () ->
                BufferRun.all(
                    batches(50),
                    batch -> {
                      if (Thread.currentThread() == asking) {
                        await(helping);
                        throw new IllegalStateException("here");
                      }
                      helping.countDown();
                      sleep();
                      ended.incrementAndGet();
                    },
                    cores))
        .hasMessage("here");
    assertThat(ended.get()).isEqualTo(1);
    assertThat(free(cores)).isEqualTo(1);
  }

  private static int free(Cores cores) {
    int free = 0;
    while (cores.borrow()) {
      free++;
    }
    return free;
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
