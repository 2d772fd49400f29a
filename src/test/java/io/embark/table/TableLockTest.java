package io.embark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class TableLockTest {
  private static final Duration BEAT = Duration.ofMillis(100);

  private static final Duration STALE = Duration.ofSeconds(60);

  /** Longer than {@link StoreFileSystem} takes for a file. */
  private static final Duration SETTLED = Duration.ofMillis(400);

  /** Every lock is older. */
  private static final Duration VOID = Duration.ofMillis(-1);

  @TempDir java.nio.file.Path directory;
  private TableDirectory table;

  @BeforeEach
  void at() throws IOException {
    table = TableDirectory.at(new Path(directory.resolve("out").toString()), new Configuration());
  }

  private static LockOwner me() {
    return LockOwner.ofThisProcess("app", 0);
  }

  /** Somebody on a machine that is not this one. */
  private static LockOwner elsewhere() {
    return new LockOwner("there", "far", "another kernel", 7, "", null, "app-7", 0, "now");
  }

  private void write(LockOwner owner) throws IOException {
    RecordFile.create(table.files(), lockFile(), RecordFile.json(owner));
  }

  private Path lockFile() {
    return new Path(table.records(), "locks/00000001.json");
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
    assertThat(locks()).containsExactly("00000001.released");
    TableLock.take(table, "third", Duration.ZERO).close();
    assertThat(locks()).containsExactly("00000002.released");
  }

  private List<String> locks() throws IOException {
    try (Stream<java.nio.file.Path> files = Files.list(directory.resolve("out/_embark/locks"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
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
    Path earlier = new Path(table.records(), "lock");
    RecordFile.create(table.files(), earlier, lock.getBytes(StandardCharsets.UTF_8));
    RecordFile.write(table.files(), new Path(table.records(), "lock-beat"), new byte[] {'.'}, true);
    assertThatThrownBy(() -> take(me, Duration.ZERO, Duration.ofSeconds(30)))
        .hasMessageContaining("(app-1)");
    take(me, Duration.ofSeconds(30), Duration.ofSeconds(1)).close();
    assertThat(directory.resolve("out/_embark")).isDirectoryNotContaining("glob:**lock{,-beat}");
  }

  /** Somebody on this machine. */
  private static LockOwner withProcess(long pid, String started, Long startTicks) {
    LockOwner me = me();
    return new LockOwner("t", me.host(), me.place(), pid, started, startTicks, "dead", 0, "then");
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
    try (TableLock next = take(me(), Duration.ZERO, VOID)) {
      assertThat(next.epoch()).isEqualTo(slept.epoch() + 1);
      assertThatThrownBy(slept::requireHeld).hasMessageContaining("lost its lock");
      slept.close();
      next.requireHeld();
    }
  }

  /** Such as a power cut leaves, or a person makes. */
  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{}", "null", "[1]", "not json"})
  void aLockThatSaysNothingIsVoidOnceItIsOld(String contents) throws Exception {
    RecordFile.create(table.files(), lockFile(), contents.getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> take(me(), Duration.ZERO, Duration.ofSeconds(30)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a run that cannot be told")
        .hasMessageContaining("00000001.json (%d bytes)".formatted(contents.length()))
        .hasMessageContaining("--wait-for-lock");
    assertThat(table.underWay()).hasSize(1).first().asString().contains("cannot be told");
    try (TableLock lock = take(me(), Duration.ofSeconds(30), Duration.ofSeconds(1))) {
      assertThat(lock.epoch()).isEqualTo(2);
      lock.requireHeld();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "lock-beat", "locks/00000001.json", "locks/00000001.beat"})
  void aFolderWhereALockHasToBeIsNamed(String name) throws Exception {
    Files.createDirectories(directory.resolve("out/_embark").resolve(name).resolve("something"));
    assertThatThrownBy(() -> TableLock.take(table, "next", Duration.ZERO))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(name + " is a folder")
        .hasMessageContaining("remove it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"_embark", "_embark/locks"})
  void aFileWhereAFolderHasToBeIsNamed(String name) throws Exception {
    java.nio.file.Path file = directory.resolve("out").resolve(name);
    Files.createDirectories(file.getParent());
    Files.createFile(file);
    assertThatThrownBy(() -> TableLock.take(table, "next", Duration.ZERO))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(name + " is a file")
        .hasMessageContaining("emove it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "beat"})
  void aDateInTheFutureGrowsOldFromNowOn(String kind) throws Exception {
    write(elsewhere());
    java.nio.file.Path file = directory.resolve("out/_embark/locks/00000001." + kind);
    if (!Files.exists(file)) {
      Files.createFile(file);
    }
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plus(Duration.ofDays(1000))));
    assertThatThrownBy(() -> take(me(), Duration.ZERO, Duration.ofSeconds(30)))
        .hasMessageContaining("process 7 on far (app-7), since now, last heard of 0 s ago");
    take(me(), Duration.ofSeconds(30), Duration.ofSeconds(1)).close();
  }

  /** An owner that sleeps and comes back must not look like its successor's sign of life. */
  @Test
  void whoLostTheLockGivesNoSignsOfLifeForTheNext() throws Exception {
    TableLock slept = take(elsewhere(), Duration.ZERO, Duration.ofSeconds(60));
    LockOwner successor =
        new LockOwner("next", "far", "another kernel", 8, "", null, "app-8", 0, "now");
    RecordFile.create(
        table.files(),
        new Path(table.records(), "locks/00000002.json"),
        RecordFile.json(successor));
    try (TableLock third = take(me(), Duration.ofSeconds(30), Duration.ofSeconds(1))) {
      assertThat(third.epoch()).isEqualTo(3);
    }
    slept.close();
    assertThat(locks()).containsExactly("00000003.released");
  }

  @Test
  void aLaterAttemptOfTheSameApplicationTakesOver() throws Exception {
    write(attempt("application_1_0001", 1));
    try (TableLock second = take(attempt("application_1_0001", 2), Duration.ZERO, STALE)) {
      second.requireHeld();
      for (LockOwner other :
          List.of(
              attempt("application_1_0001", 1),
              attempt("application_1_0001", 2),
              attempt("application_1_0002", 3))) {
        assertThatThrownBy(() -> take(other, Duration.ZERO, STALE))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("is being written by process 7 on far (application_1_0001)");
      }
      second.requireHeld();
    }
  }

  /** An attempt whose machine is cut off may not know that it is over. */
  @Test
  void anEarlierAttemptIsFencedOff() throws Exception {
    TableLock first = take(attempt("application_1_0001", 1), Duration.ZERO, STALE);
    try (TableLock second = take(attempt("application_1_0001", 2), Duration.ZERO, STALE)) {
      assertThatThrownBy(first::requireHeld).hasMessageContaining("lost its lock");
      first.close();
      second.requireHeld();
    }
  }

  private static LockOwner attempt(String application, int attempt) {
    return new LockOwner(
        UUID.randomUUID().toString(), "far", "far", 7, "", null, application, attempt, "now");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anotherClassLoaderOfThisProcessHoldsItsLockUntilItsRunEnds() throws Exception {
    AutoCloseable other = takenByAnotherClassLoader();
    assertThatThrownBy(() -> TableLock.take(table, "here", Duration.ZERO))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a run of this very process");
    // The file system was closed under it, so that it can release nothing.
    Files.move(
        directory.resolve("out/_embark/locks/00000001.json"), directory.resolve("kept.json"));
    other.close();
    Files.move(
        directory.resolve("kept.json"), directory.resolve("out/_embark/locks/00000001.json"));
    try (TableLock here = TableLock.take(table, "here", Duration.ZERO)) {
      assertThat(here.epoch()).isEqualTo(2);
    }
  }

  private AutoCloseable takenByAnotherClassLoader() throws Exception {
    ClassLoader loader = new OwnClasses();
    Class<?> tables = loader.loadClass(TableDirectory.class.getName());
    assertThat(tables).isNotSameAs(TableDirectory.class);
    Object there =
        tables
            .getMethod("at", Path.class, Configuration.class)
            .invoke(null, table.path(), new Configuration());
    return (AutoCloseable)
        loader
            .loadClass(TableLock.class.getName())
            .getMethod("take", tables, String.class, Duration.class)
            .invoke(null, there, "there", Duration.ZERO);
  }

  /** Loads Embark's classes anew, and takes others from its parent. */
  private static final class OwnClasses extends ClassLoader {
    OwnClasses() {
      super(TableLockTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("io.embark.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        if (loaded != null) {
          return loaded;
        }
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
          byte[] bytes = in.readAllBytes();
          return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
          throw new ClassNotFoundException(name, e);
        }
      }
    }
  }

  @Test
  void theLockOfAThreadThatEndedWithoutReleasingItIsVoid() throws Exception {
    ExecutorService gone = Executors.newSingleThreadExecutor();
    gone.submit(() -> take(me(), Duration.ZERO, STALE)).get();
    assertThatThrownBy(() -> take(me(), Duration.ZERO, STALE))
        .isInstanceOf(IllegalStateException.class);
    gone.shutdownNow();
    take(me(), Duration.ofSeconds(30), STALE).close();
  }

  /** Rounds in which runs find a dead owner's lock at once, where a rename is a copy. */
  @Test
  void onAnObjectStoreOneOfManyBreaksADeadLock() throws Exception {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.store.impl", StoreFileSystem.class, StoreFileSystem.class);
    ExecutorService pool = Executors.newFixedThreadPool(5);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger turns = new AtomicInteger();
    try {
      for (int round = 0; round < 3; round++) {
        table = TableDirectory.at(new Path("store://" + directory.resolve("r" + round)), hadoop);
        write(attempt("application_1_0001", 0));
        List<Callable<Void>> runs = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          runs.add(
              () -> {
                LockOwner me = LockOwner.ofThisProcess("application_1_0001", 1);
                try (TableLock lock =
                    TableLock.take(
                        table, me, Duration.ofSeconds(60), SETTLED.multipliedBy(5), STALE)) {
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  turns.incrementAndGet();
                  Thread.sleep(20);
                  lock.requireHeld();
                  inside.decrementAndGet();
                }
                return null;
              });
        }
        for (Future<Void> run : pool.invokeAll(runs)) {
          run.get();
        }
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(most).hasValue(1);
    assertThat(turns).hasValue(15);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aRunThatWasStoppedAndComesBackPublishesNothing() throws Exception {
    try (StoppedRun stopped = new StoppedRun(table)) {
      stopped.signal("STOP");
      try (TableLock next = take(me(), Duration.ofSeconds(60), Duration.ofSeconds(2))) {
        stopped.signal("CONT");
        assertThat(stopped.publish()).contains("This run lost its lock on").contains("(app)");
        assertThat(table.holdsData()).isFalse();
        assertThat(Staging.unfinishedPublication(table)).isFalse();
        next.requireHeld();
      }
    }
    assertThat(locks()).containsExactly("00000002.released");
  }
}
