package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disks that really are full: small ones in memory, which only root can mount. At every point the
 * job says so, readers see nothing of it, and once there is room the same command goes on.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
class FullDiskTest {
  private static final int ROWS = 900;
  private static final long PAGE = 4096;

  @TempDir Path directory;
  private Path disk;
  private Path model;
  private Path input;

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(directory.resolve("disk"));
    Path log = directory.resolve("mount.log");
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assumeThat(mount.waitFor())
        .as("no small disk can be mounted here: %s", Files.readString(log).strip())
        .isZero();
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    input = directory.resolve("in.jsonl");
    write("day 1");
  }

  @AfterEach
  void unmount() throws Exception {
    new ProcessBuilder("umount", "--lazy", disk.toString()).start().waitFor();
  }

  private void write(String day) throws IOException {
    StringBuilder lines = new StringBuilder();
    Random random = new Random(1);
    for (int i = 0; i < ROWS; i++) {
      lines.append(
          "{\"id\": %d, \"text\": \"%s, row %d: %x\"}%n"
              .formatted(i, i % 3 == 0 ? day : "any day", i, random.nextLong()));
    }
    Files.writeString(input, lines);
  }

  private Path output() {
    return disk.resolve("out");
  }

  private JobRun embed(Path output, String... more) {
    return JobRun.embed(
        List.of(
            "--model",
            model,
            "--pooling",
            "max",
            "--input",
            input,
            "--output",
            output,
            "--id-col",
            "id",
            "--partitions",
            "6"),
        (Object[]) more);
  }

  /** Leaves so many bytes on the disk. */
  private void fill(long free) throws IOException {
    FileStore store = Files.getFileStore(disk);
    Path ballast = Files.createFile(disk.resolve("ballast"));
    // Pages of deleted files become free with a delay.
    for (long left = store.getUsableSpace(); left > free; left = store.getUsableSpace()) {
      Files.write(ballast, new byte[(int) (left - free)], StandardOpenOption.APPEND);
    }
    assertThat(store.getUsableSpace()).isLessThanOrEqualTo(free);
  }

  private long used() throws IOException {
    FileStore store = Files.getFileStore(disk);
    return store.getTotalSpace() - store.getUsableSpace();
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (NoSuchFileException e) {
      return;
    }
  }

  private static List<String> sorted(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  private List<String> visible() {
    return sorted(Embark.read(LocalSpark.session(), output().toString()));
  }

  private void requireFull(JobRun run) {
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.FAILED);
    assertThat(run.error())
        .contains("No space left on device", "The disk of the output " + disk, " is full");
  }

  private void requireNothingVisible() throws IOException {
    if (!Files.exists(output())) {
      return;
    }
    try (Stream<Path> files = Files.list(output())) {
      assertThat(files.map(f -> f.getFileName().toString()).filter(f -> !f.startsWith(".")))
          .isSubsetOf("_embark");
    }
    assertThat(output().resolve("_embark/snapshots/00000001.json")).doesNotExist();
  }

  @Test
  void aNewTable() throws IOException {
    embed(output()).assertDone();
    List<String> wanted = visible();
    assertThat(wanted).hasSize(ROWS);
    long needed = used();
    assertThat(needed).isGreaterThan(20 * PAGE);
    boolean wentOn = false;
    // Before the first file, within the slices, and where only the records are left to write.
    for (long room : List.of(0L, needed / 3, needed - 4 * PAGE, needed - PAGE)) {
      delete(output());
      fill(room);
      requireFull(embed(output()));
      if (room < needed - 4 * PAGE) {
        requireNothingVisible();
      }
      Files.delete(disk.resolve("ballast"));
      wentOn |=
          embed(output()).assertDone().out().contains("Went on where an earlier attempt ended");
      assertThat(visible()).as("room for %d of %d bytes", room, needed).isEqualTo(wanted);
    }
    assertThat(wentOn).isTrue();
  }

  @Test
  void aTableThatIsThere() throws IOException {
    embed(output()).assertDone();
    List<String> before = visible();
    write("day 2");
    embed(directory.resolve("wanted")).assertDone();
    List<String> wanted =
        sorted(Embark.read(LocalSpark.session(), directory.resolve("wanted").toString()));
    assertThat(wanted).hasSize(ROWS).isNotEqualTo(before);
    for (long room : List.of(PAGE, 12 * PAGE)) {
      fill(room);
      requireFull(embed(output(), "--mode", "incremental"));
      assertThat(visible()).isEqualTo(before);
      assertThat(sorted(LocalSpark.session().read().parquet(output().toString())))
          .isEqualTo(before);
      Files.delete(disk.resolve("ballast"));
    }
    embed(output(), "--mode", "incremental").assertDone();
    assertThat(visible()).isEqualTo(wanted);
  }

  @Test
  void theDiskOfSparksShuffles() throws IOException {
    System.setProperty("spark.local.dir", disk.resolve("local").toString());
    LocalSpark.session().stop();
    try {
      LocalSpark.session();
      fill(2 * PAGE);
      Path output = directory.resolve("elsewhere");
      JobRun run = embed(output);
      assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.FAILED);
      assertThat(run.error())
          .contains("No space left on device", "The disk of spark.local.dir", "is full");
      assertThat(output.resolve("_embark/snapshots")).doesNotExist();
      assertThat(output.resolve("_SUCCESS")).doesNotExist();

      Files.delete(disk.resolve("ballast"));
      embed(output).assertDone();
      assertThat(Embark.read(LocalSpark.session(), output.toString()).count()).isEqualTo(ROWS);
    } finally {
      System.clearProperty("spark.local.dir");
      LocalSpark.session().stop();
    }
  }

  @Test
  void theDiskOfTheModelCache() throws IOException {
    Path packed = directory.resolve("tiny.zip");
    try (FileSystem zip = FileSystems.newFileSystem(packed, Map.of("create", "true"));
        Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, zip.getPath(file.getFileName().toString()));
      }
    }
    System.setProperty("embark.cache", disk.resolve("cache").toString());
    try {
      fill(2 * PAGE);
      JobRun run =
          JobRun.embed("--model", packed, "--input", input, "--output", directory.resolve("out"));
      assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.FAILED);
      assertThat(run.error())
          .contains(disk.resolve("cache").toString(), "EMBARK_CACHE")
          .doesNotContain("the output");
    } finally {
      System.clearProperty("embark.cache");
    }
  }
}
