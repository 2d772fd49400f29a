package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drivers and executors in JVMs of their own, killed with SIGKILL at random moments while they
 * bring a table up to date, day after day, and somebody reads it all the time. With more kills, or
 * others:
 *
 * <pre>
 * mvn verify -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=KilledClusterIT -Dkills=20 -Dseed=7
 * </pre>
 */
class KilledClusterIT {
  private static final int KILLS = Integer.getInteger("kills", 3);
  private static final long SEED = Long.getLong("seed", 3);

  /** After so many kills a day is left in peace. */
  private static final int KILLS_A_DAY = 7;

  private static final int ROWS = 1_200;
  private static final int SLICES = 24;
  private static final int SLICE_MILLIS = 250;
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Pattern GOES_ON =
      Pattern.compile("Going on where an earlier attempt ended: (\\d+) of (\\d+) slices");

  @TempDir Path directory;

  private final Random random = new Random(SEED);
  private StandaloneCluster cluster;
  private TestJvm run;
  private Path jar;
  private Path input;
  private Path output;
  private Path model;

  /** Slices of the run under way that were there at the last kill, and which files they are. */
  private Map<Path, Object> kept = new HashMap<>();

  private int driverKills;
  private int executorKills;
  private int killsWhilePublishing;
  private int failedRuns;

  /** When somebody is killed. */
  private enum Moment {
    /** While the input is compared with the table. */
    EARLY,
    /** While slices are written. */
    AMONG_SLICES,
    /** While the new version is published. */
    PUBLISHING
  }

  @Test
  @Timeout(1800)
  void eachIdIsThereOnceHoweverOftenProcessesAreKilled() throws Exception {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    input = directory.resolve("texts.jsonl");
    output = directory.resolve("vectors");
    ChangingInput texts = new ChangingInput(random, ROWS);
    List<String> before = null;
    try (Embedder embedder = Embedder.open(exact());
        PollingReader reader = new PollingReader(output);
        var started =
            StandaloneCluster.in(Files.createDirectory(directory.resolve("cluster")))
                .workers(2)
                .librariesInPlace()
                .start()) {
      cluster = started;
      jar = cluster.jarOf(FaultyDisk.class);
      int days = 0;
      while (driverKills + executorKills < KILLS || days < 2) {
        texts.nextDay();
        texts.write(input);
        List<String> after = texts.rows(embedder);
        reader.expect(before, after);
        day(Math.min(KILLS_A_DAY, KILLS - driverKills - executorKills));
        days++;
        assertThat(reader.wrong()).isNull();
        requireVersion(after, days);
        before = after;
      }
      System.out.printf(
          "seed %d: %d drivers (%d while publishing) and %d executors killed over %d days, %d runs"
              + " failed for it; %s%n",
          SEED,
          driverKills,
          killsWhilePublishing,
          executorKills,
          days,
          failedRuns,
          reader.inWords());
    }
  }

  /** A maximum, unlike a sum, is the same to the bit whatever stands in the batch beside it. */
  private EmbedderConfig exact() {
    return EmbedderConfig.of(model.toString()).toBuilder().pooling(Pooling.MAX).build();
  }

  private void requireVersion(List<String> rows, int days) throws IOException {
    List<String> found =
        PollingReader.sorted(
            io.embark.table.Embark.read(io.embark.testing.LocalSpark.session(), output.toString()));
    assertThat(found).as("day %d", days).isEqualTo(rows);
    assertThat(output.resolve("_embark/staging")).doesNotExist();
    assertThat(output.resolve("_embark/locks")).isDirectoryNotContaining("glob:**.json");
    assertThat(manifests()).hasSize(days);
  }

  /** One day's run, started again until it is through. */
  private void day(int kills) throws Exception {
    kept.clear();
    int left = kills;
    run = begin();
    while (true) {
      boolean driver = random.nextInt(10) < 6;
      if (left > 0 && awaitMoment(driver)) {
        if (driver) {
          killDriver();
        } else if (!killExecutor()) {
          continue;
        }
        left--;
        continue;
      }
      Run ended = run.awaitEnd(LIMIT);
      requireGoneOn(ended.err());
      if (ended.exitCode() == 0) {
        requireOnlyTheRest(ended.out());
        return;
      }
      assertThat(executorKills).as(ended.out() + ended.err()).isPositive();
      failedRuns++;
      requireKept();
      run = begin();
    }
  }

  private TestJvm begin() {
    List<String> flags =
        new ArrayList<>(
            new FaultyDisk.Faults(output, SLICE_MILLIS, "", "", directory).flags(jar.toString()));
    // Of more losses than these Spark thinks that the rows are to blame.
    flags.addAll(List.of("--conf", "spark.task.maxFailures=8"));
    return cluster.begin(
        "embed.sh",
        Map.of(),
        flags,
        "--model",
        model.toString(),
        "--pooling",
        "max",
        "--output-type",
        "float",
        "--input",
        input.toString(),
        "--output",
        output.toString(),
        "--mode",
        "incremental",
        "--id-col",
        "id",
        "--sync-deletes",
        "--partitions",
        Integer.toString(SLICES),
        "--preview",
        "0");
  }

  /**
   * @return false if the run ended before
   */
  private boolean awaitMoment(boolean driver) throws Exception {
    int dice = random.nextInt(10);
    Moment moment =
        driver && dice < 3 ? Moment.PUBLISHING : dice < 5 ? Moment.EARLY : Moment.AMONG_SLICES;
    int slices = slices().size() + 1 + random.nextInt(SLICES / 3);
    while (!came(moment, slices)) {
      if (!run.isAlive()) {
        return false;
      }
      Thread.sleep(2);
    }
    Thread.sleep(random.nextInt(moment == Moment.EARLY ? 3_000 : 300));
    return run.isAlive();
  }

  private boolean came(Moment moment, int slices) throws IOException {
    return switch (moment) {
      case EARLY -> locked();
      case AMONG_SLICES -> slices().size() >= slices;
      case PUBLISHING -> publishing();
    };
  }

  /**
   * Whether the run that goes on now has begun: the lock of one that was killed lies there still.
   */
  private boolean locked() throws IOException {
    Pattern pid = Pattern.compile("\"pid\" *: *" + run.handle().pid() + "\\b");
    try (DirectoryStream<Path> locks =
        Files.newDirectoryStream(output.resolve("_embark/locks"), "*.json")) {
      for (Path lock : locks) {
        if (pid.matcher(Files.readString(lock)).find()) {
          return true;
        }
      }
      return false;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private void killDriver() throws Exception {
    boolean publishing = publishing();
    run.close();
    driverKills++;
    killsWhilePublishing += publishing ? 1 : 0;
    requireGoneOn(run.log());
    requireKept();
    run = begin();
  }

  private boolean killExecutor() {
    List<ProcessHandle> executors = cluster.executors(0);
    if (executors.isEmpty() || !executors.get(random.nextInt(executors.size())).destroyForcibly()) {
      return false;
    }
    executorKills++;
    return true;
  }

  private boolean publishing() throws IOException {
    try (Stream<Path> files = Files.walk(output.resolve("_embark/staging"), 2)) {
      return files.anyMatch(f -> f.getFileName().toString().equals("publish.json"));
    } catch (NoSuchFileException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  /** Slices that are done, and which files these are. */
  private Map<Path, Object> slices() throws IOException {
    Map<Path, Object> slices = new HashMap<>();
    try (Stream<Path> files = Files.walk(output.resolve("_embark/staging"), 3)) {
      for (Path file :
          files.filter(f -> f.toString().matches(".*/slice-\\d+\\.parquet")).toList()) {
        slices.put(file, Files.getAttribute(file, "unix:ino"));
      }
    } catch (NoSuchFileException | java.io.UncheckedIOException e) {
      // Published, or cleaned up, meanwhile.
      return slices;
    }
    return slices;
  }

  /** What was done once stays, until it is published. */
  private void requireKept() throws IOException {
    Map<Path, Object> now = slices();
    if (!publishing() && Files.exists(output.resolve("_embark/staging"))) {
      assertThat(now).containsAllEntriesOf(kept);
    }
    kept = now;
  }

  /** A run that got so far has not begun anew what was there when it began. */
  private void requireGoneOn(String log) {
    for (MatchResult found : GOES_ON.matcher(log).results().toList()) {
      assertThat(Integer.parseInt(found.group(1))).isGreaterThanOrEqualTo(kept.size());
    }
    assertThat(log).doesNotContain("Throwing away");
  }

  /** The last run embedded no more than what was missing. */
  private void requireOnlyTheRest(String out) throws IOException {
    if (out.contains("Nothing to do")) {
      // The one that was killed had got so far that the next one published for it.
      return;
    }
    JsonNode result = manifests().get(manifests().size() - 1).get("result");
    int resumed = result.get("resumedSlices").asInt();
    assertThat(resumed).isGreaterThanOrEqualTo(kept.size());
    assertThat(result.get("tasks").asInt()).isLessThanOrEqualTo(SLICES - resumed);
    double seconds = result.get("seconds").asDouble();
    assertThat(result.get("rowsPerSecond").asDouble() * seconds)
        .as("rows that were counted while embedding")
        .isCloseTo(result.get("rows").asLong() - result.get("resumedRows").asLong(), within(0.01));
    if (resumed == 0) {
      assertThat(result.get("tokensPerSecond").asDouble() * seconds)
          .as("tokens that were counted while embedding")
          .isCloseTo(result.get("tokens").asLong(), within(0.01));
    }
  }

  private List<JsonNode> manifests() throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    try (Stream<Path> files = Files.list(output.resolve("_embark"))) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("run-")).sorted().toList()) {
        manifests.add(new ObjectMapper().readTree(file.toFile()));
      }
    }
    return manifests;
  }
}
