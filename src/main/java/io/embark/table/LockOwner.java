package io.embark.table;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/**
 * The owner of a table's lock.
 *
 * @param token differs between owners, even of one process
 * @param place where its process id is valid: the running kernel and the process namespace, so that
 *     two containers with one host name are not taken for one machine
 * @param started when that process started, in UTC, or "" if unknown; ids are used again. Linux
 *     derives it from the wall clock, which may be set while the process runs.
 * @param startTicks the same in clock ticks since the machine's start, which no clock moves; null
 *     where there is no {@code /proc}, and in locks of versions that did not record it
 * @param application of Spark, by its id
 * @param attempt of that application, counting up; 0 where there is only one
 * @param since in UTC
 */
record LockOwner(
    String token,
    String host,
    String place,
    long pid,
    String started,
    Long startTicks,
    String application,
    int attempt,
    String since) {

  /** The field of {@code /proc/PID/stat} with the start of the process; proc(5) counts from 1. */
  private static final int START = 22;

  LockOwner {
    // JSON that is no owner's has neither.
    if (token == null || place == null) {
      throw new IllegalArgumentException("An owner has a token and a place.");
    }
  }

  static LockOwner ofThisProcess(String application, int attempt) {
    ProcessHandle process = ProcessHandle.current();
    return new LockOwner(
        UUID.randomUUID().toString(),
        hostName(),
        placeOfThisProcess(),
        process.pid(),
        started(process),
        startTicks(process.pid()),
        application,
        attempt,
        Instant.now().toString());
  }

  /**
   * Whether it is known to be gone; false where that cannot be known from here. A lock that is kept
   * wrongly is void when its signs of life end, one that is broken wrongly lets two write.
   */
  boolean isDead() {
    if (!place.equals(placeOfThisProcess())) {
      return false;
    }
    if (isThisProcess()) {
      return !livesInThisProcess();
    }
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).map(this::isAnother).orElse(true);
  }

  /** Whether it is an attempt that a later one of the same application has taken the place of. */
  boolean isEnded(LockOwner later) {
    return application != null && application.equals(later.application) && attempt < later.attempt;
  }

  private boolean isThisProcess() {
    return startTicks != null
        && pid == ProcessHandle.current().pid()
        && startTicks.equals(startTicks(pid))
        && place.equals(placeOfThisProcess());
  }

  /** The thread that gives the signs of life. */
  String threadName() {
    return "embark-lock-" + token;
  }

  /** Asked of threads and not of a static field, which each class loader has for itself. */
  private boolean livesInThisProcess() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals(threadName()));
  }

  /** Whether a process with this id is known to have started at another time. */
  private boolean isAnother(ProcessHandle process) {
    Long ticks = startTicks(process.pid());
    if (ticks == null && startTicks == null) {
      return !started(process).equals(started);
    }
    return ticks != null && startTicks != null && !ticks.equals(startTicks);
  }

  String inWords() {
    return "process %d on %s (%s), since %s%s"
        .formatted(
            pid, host, application, since, isThisProcess() ? ", a run of this very process" : "");
  }

  private static String started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toString).orElse("");
  }

  private static Long startTicks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), ISO_8859_1);
      // The second field is the name in parentheses, which may hold spaces and parentheses.
      return Long.valueOf(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[START - 3]);
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return null;
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "unknown host";
    }
  }

  private static String placeOfThisProcess() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()
          + " "
          + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException | UnsupportedOperationException e) {
      // No Linux, so no containers with a namespace of their own either.
      return hostName();
    }
  }
}
