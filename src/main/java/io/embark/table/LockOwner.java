package io.embark.table;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/**
 * Who holds a table's lock.
 *
 * @param token told apart by it, even from the same process
 * @param host its name, for people
 * @param place where its process id means something: the running kernel and the process namespace,
 *     so that two containers with one host name are not taken for one machine
 * @param pid of the driver
 * @param started when that process started, in UTC, or "" if unknown; ids are used again
 * @param application the Spark application
 * @param since when the lock was taken, in UTC
 */
record LockOwner(
    String token,
    String host,
    String place,
    long pid,
    String started,
    String application,
    String since) {

  static LockOwner ofThisProcess(String application) {
    ProcessHandle process = ProcessHandle.current();
    return new LockOwner(
        UUID.randomUUID().toString(),
        hostName(),
        placeOfThisProcess(),
        process.pid(),
        started(process),
        application,
        Instant.now().toString());
  }

  /** Whether its process is known to be gone; false where that cannot be known from here. */
  boolean isDead() {
    if (!place.equals(placeOfThisProcess())) {
      return false;
    }
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .map(process -> !started(process).equals(started))
        .orElse(true);
  }

  String inWords() {
    return "process %d on %s (%s), since %s".formatted(pid, host, application, since);
  }

  private static String started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toString).orElse("");
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
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id"), StandardCharsets.UTF_8)
              .strip()
          + " "
          + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException | UnsupportedOperationException e) {
      // No Linux, so no containers with a namespace of their own either.
      return hostName();
    }
  }
}
