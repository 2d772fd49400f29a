package io.embark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TableLockTest {
  private static final Duration BEAT = Duration.ofMillis(100);

  @TempDir java.nio.file.Path directory;
  private TableDirectory table;

  @BeforeEach
  void at() throws IOException {
    table = TableDirectory.at(new Path(directory.resolve("out").toString()), new Configuration());
  }

  private static LockOwner me() {
    return LockOwner.ofThisProcess("app");
  }

  /** Somebody on a machine that is not this one. */
  private static LockOwner elsewhere() {
    return new LockOwner("there", "far", "another kernel", 7, "", null, "app-7", "now");
  }

  private void write(LockOwner owner) throws IOException {
    RecordFile.create(table.files(), lockFile(), RecordFile.json(owner));
  }

  private Path lockFile() {
    return new Path(table.records(), "lock");
  }

  private TableLock take(LockOwner owner, Duration patience, Duration stale)
      throws IOException, InterruptedException {
    return TableLock.take(table, owner, patience, BEAT, stale);
  }

  @Test
  void aSecondRunIsRefusedAndNothingIsLeftBehind() throws Exception {
    try (TableLock lock = TableLock.take(table, "first", Duration.ZERO)) {
      lock.requireHeld();
      assertThatThrownBy(() -> TableLock.take(table, "second", Duration.ZERO))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid())
          .hasMessageContaining("first")
          .hasMessageContaining("--wait-for-lock");
    }
    assertThat(directory.resolve("out/_embark")).isEmptyDirectory();
  }

  @Test
  void aPatientRunGetsItsTurn() throws Exception {
    TableLock first = TableLock.take(table, "first", Duration.ZERO);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<TableLock> second =
          other.submit(() -> take(me(), Duration.ofSeconds(60), Duration.ofSeconds(60)));
      Thread.sleep(300);
      assertThat(second.isDone()).isFalse();
      first.close();
      second.get().close();
    } finally {
      other.shutdownNow();
    }
  }

  @Test
  void ofManyAtOnceOneHoldsIt() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try {
      List<Callable<Void>> runs = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        runs.add(
            () -> {
              try (TableLock lock = take(me(), Duration.ofSeconds(60), Duration.ofSeconds(60))) {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                Thread.sleep(5);
                lock.requireHeld();
                inside.decrementAndGet();
              }
              return null;
            });
      }
      for (Future<Void> run : pool.invokeAll(runs)) {
        run.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(most).hasValue(1);
  }

  @Test
  void theLockOfAProcessThatIsGoneIsVoidAtOnce() throws Exception {
    Process process = new ProcessBuilder("sleep", "0").start();
    process.waitFor();
    LockOwner me = me();
    write(withProcess(process.pid(), me.started(), me.startTicks()));
    TableLock.take(table, "next", Duration.ZERO).close();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theLockOfAProcessWhoseNumberWasGivenToAnotherIsVoidAtOnce() throws Exception {
    // This one, which started later.
    write(withProcess(me().pid(), "then", me().startTicks() - 1));
    TableLock.take(table, "next", Duration.ZERO).close();
  }

  /** Linux tells the start of a process by the clock as it is now. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aClockThatWasSetDoesNotVoidTheLockOfARunThatWrites() throws Exception {
    LockOwner before = withProcess(me().pid(), "2001-01-01T00:00:00Z", me().startTicks());
    try (TableLock lock = take(before, Duration.ZERO, Duration.ofSeconds(60))) {
      assertThatThrownBy(() -> TableLock.take(table, "next", Duration.ZERO))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is being written by process " + me().pid());
      lock.requireHeld();
    }
  }

  /** Its start may be another for either reason. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aLockOfAnEarlierVersionIsVoidWithoutASignOfLife() throws Exception {
    LockOwner me = me();
    String lock =
        """
        {"token": "t", "host": "%s", "place": "%s", "pid": %d, "started": "then",
         "application": "app-1", "since": "then"}
        """
            .formatted(me.host(), me.place(), me.pid());
    RecordFile.create(table.files(), lockFile(), lock.getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> take(me, Duration.ZERO, Duration.ofSeconds(30)))
        .hasMessageContaining("(app-1)");
    take(me, Duration.ofSeconds(30), Duration.ofSeconds(1)).close();
  }

  /** Somebody on this machine. */
  private static LockOwner withProcess(long pid, String started, Long startTicks) {
    LockOwner me = me();
    return new LockOwner("t", me.host(), me.place(), pid, started, startTicks, "dead", "then");
  }

  @Test
  void theLockOfAnotherMachineIsVoidWithoutASignOfLife() throws Exception {
    write(elsewhere());
    assertThatThrownBy(() -> take(me(), Duration.ZERO, Duration.ofSeconds(30)))
        .hasMessageContaining("process 7 on far (app-7)");
    // Found with the patience to see it go stale.
    take(me(), Duration.ofSeconds(30), Duration.ofSeconds(1)).close();
  }

  @Test
  void aSignOfLifeKeepsALock() throws Exception {
    try (TableLock lock = take(elsewhere(), Duration.ZERO, Duration.ofSeconds(60))) {
      assertThatThrownBy(() -> take(me(), Duration.ofSeconds(3), Duration.ofSeconds(1)))
          .isInstanceOf(IllegalStateException.class);
      lock.requireHeld();
    }
  }

  @Test
  void whoLostTheLockFindsOutAndLeavesTheNewOneAlone() throws Exception {
    TableLock slept = TableLock.take(table, "slept", Duration.ZERO);
    Files.delete(directory.resolve("out/_embark/lock"));
    try (TableLock next = TableLock.take(table, "next", Duration.ZERO)) {
      assertThatThrownBy(slept::requireHeld).hasMessageContaining("lost its lock");
      slept.close();
      next.requireHeld();
    }
  }
}
