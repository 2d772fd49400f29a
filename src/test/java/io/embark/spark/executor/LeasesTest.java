package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LeasesTest {
  private long nanos = Long.MAX_VALUE - 5;
  private final List<String> opened = Collections.synchronizedList(new ArrayList<>());
  private final List<String> closed = Collections.synchronizedList(new ArrayList<>());

  /** Keys of one group begin with the same letter. */
  private final Leases<String, String> leases =
      new Leases<>(key -> key.charAt(0), 2, Duration.ofMinutes(10), closed::add, () -> nanos);

  private void acquire(String key) {
    String value =
        leases.acquire(
            key,
            () -> {
              opened.add(key);
              return key;
            });
    assertThat(value).isEqualTo(key);
  }

  private void use(String key) {
    acquire(key);
    leases.release(key);
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
    leases.closeIdle();
  }

  @Test
  void isOpenedOnceAndKept() {
    use("a1");
    use("a1");
    acquire("a1");
    acquire("a1");
    assertThat(opened).containsExactly("a1");
    assertThat(closed).isEmpty();
  }

  @Test
  void isClosedAfterIdlingButNeverInUse() {
    acquire("a1");
    acquire("a1");
    use("a2");
    pass(Duration.ofMinutes(9));
    assertThat(closed).isEmpty();
    pass(Duration.ofMinutes(1));
    assertThat(closed).containsExactly("a2");
    leases.release("a1");
    pass(Duration.ofMinutes(60));
    assertThat(closed).as("one user is left").containsExactly("a2");
    leases.release("a1");
    pass(Duration.ofMinutes(9));
    assertThat(closed).containsExactly("a2");
    pass(Duration.ofMinutes(1));
    assertThat(closed).containsExactly("a2", "a1");
    use("a1");
    assertThat(opened).containsExactly("a1", "a2", "a1");
  }

  @Test
  void theLeastRecentlyUsedMakesRoomInItsGroup() {
    use("a1");
    use("a2");
    use("a1");
    use("b1");
    use("a3");
    assertThat(closed).containsExactly("a2");
    assertThat(leases.size()).isEqualTo(3);
  }

  @Test
  void roomIsMadeBeforeTheNewOneIsOpened() {
    use("a1");
    use("a2");
    leases.acquire(
        "a3",
        () -> {
          assertThat(closed).containsExactly("a1");
          return "a3";
        });
  }

  @Test
  void moreThanTheLimitAreKeptWhileInUse() {
    acquire("a1");
    acquire("a2");
    acquire("a3");
    assertThat(closed).isEmpty();
    leases.release("a2");
    assertThat(closed).containsExactly("a2");
    leases.release("a1");
    leases.release("a3");
    assertThat(closed).containsExactly("a2");
  }

  @Test
  void afterAFailureTheNextOneTriesAgain() {
    assertThatThrownBy(
            () ->
                leases.acquire(
                    "a1",
                    () -> {
                      throw new IllegalStateException("no device");
                    }))
        .hasMessage("no device");
    assertThat(leases.size()).isZero();
    use("a1");
    assertThat(opened).containsExactly("a1");
  }

  @Test
  void allAreClosedAndLaterReleasesDoNothing() {
    acquire("a1");
    use("a2");
    leases.closeAll();
    leases.release("a1");
    assertThat(closed).containsExactlyInAnyOrder("a1", "a2");
  }

  /** The clock that closes idle ones would stop for good at the first exception. */
  @Test
  void oneThatCannotBeClosedDoesNotKeepTheOthers() {
    Leases<String, String> unwilling =
        new Leases<>(
            key -> key.charAt(0),
            2,
            Duration.ofMinutes(10),
            value -> {
              closed.add(value);
              throw new IllegalStateException("cannot close " + value);
            },
            () -> nanos);
    for (String key : List.of("a1", "a2", "a3")) {
      unwilling.acquire(key, () -> key);
      unwilling.release(key);
    }
    assertThat(closed).containsExactly("a1");
    nanos += Duration.ofMinutes(10).toNanos();
    unwilling.closeIdle();
    assertThat(closed).containsExactly("a1", "a2", "a3");
    unwilling.acquire("b1", () -> "b1");
    unwilling.closeAll();
    assertThat(closed).endsWith("b1");
    assertThat(unwilling.size()).isZero();
  }

  @Test
  void manyThreadsOpenOnceAndOpeningOneDoesNotHoldUpAnother() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      CountDownLatch slow = new CountDownLatch(1);
      AtomicInteger opens = new AtomicInteger();
      List<Future<String>> same = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        same.add(
            threads.submit(
                () ->
                    leases.acquire(
                        "a1",
                        () -> {
                          await(slow);
                          return "value " + opens.incrementAndGet();
                        })));
      }
      Future<?> other = threads.submit(() -> use("b1"));
      other.get(30, TimeUnit.SECONDS);
      slow.countDown();
      for (Future<String> each : same) {
        assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo("value 1");
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new AssertionError("waited in vain");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
