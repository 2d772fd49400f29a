package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.table.Deaths;
import io.embark.table.Embark;
import io.embark.table.MortalDisk;
import io.embark.table.ObjectStoreDouble;
import io.embark.table.Snapshot;
import io.embark.table.TableDirectory;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs of every kind that die at random steps of locking and publishing, once or several times, and
 * the same command again, until it ends; one table lives through all rounds. More, or others, with
 * {@code -Dchaos.seed=11 -Dchaos.rounds=60}.
 */
@Timeout(900)
class ChaosTest {
  private static final int VOCABULARY = 300;

  /** So many small files and one more are joined. */
  private static final int MANY = 32;

  /** What a round does to the table. */
  private enum Kind {
    APPEND,
    INCREMENTAL,
    SYNC_DELETES,
    COMPACTION
  }

  @TempDir Path directory;
  private Random random;
  private String output;
  private Path model;
  private TableDirectory table;
  private final Map<String, float[]> vectors = new HashMap<>();

  /** The table as it must be. */
  private final Map<Long, String> rows = new TreeMap<>();

  private long nextId;
  private int inputs;
  private final Map<String, Integer> deaths = new TreeMap<>();

  /** Code is not worth generating for so few rows. */
  @BeforeEach
  void interpreted() {
    LocalSpark.session().conf().set("spark.sql.codegen.wholeStage", "false");
    LocalSpark.session().conf().set("spark.sql.adaptive.enabled", "false");
  }

  @AfterEach
  void nobodyDies() {
    Deaths.none();
    MortalDisk.uninstall(LocalSpark.session().sparkContext().hadoopConfiguration());
    LocalSpark.session().conf().unset("spark.sql.codegen.wholeStage");
    LocalSpark.session().conf().unset("spark.sql.adaptive.enabled");
  }

  @ParameterizedTest
  @CsvSource({"file, 6", "store, 3"})
  void whoeverDiesEachIdIsThereOnceWithItsVector(String scheme, int ordinary) throws Exception {
    int rounds = Integer.getInteger("chaos.rounds", ordinary);
    long seed = Long.getLong("chaos.seed", 7);
    random = new Random(seed);
    Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
    MortalDisk.install(hadoop);
    hadoop.setClass("fs.store.impl", ObjectStoreDouble.class, ObjectStoreDouble.class);
    output = scheme + "://" + directory.resolve("out");
    table = TableDirectory.at(new org.apache.hadoop.fs.Path(output), hadoop);
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    undisturbed();
    int died = 0;
    for (int round = 0; round < rounds; round++) {
      Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
      if (kind == Kind.COMPACTION) {
        scatter();
      }
      List<String> command = command(kind);
      String where = "%s, seed %d, round %d, %s".formatted(scheme, seed, round, kind);
      int times = untilItEnds(command, where);
      died += times > 0 ? 1 : 0;
      requireTable(where);
      if (kind == Kind.COMPACTION) {
        assertThat(table.current().orElseThrow().files()).as(where).hasSizeLessThan(MANY / 2);
      }
    }
    System.out.printf(
        "Chaos on %s, seed %d: %d of %d rounds died, %d times in all: %s%n",
        scheme, seed, died, rounds, deaths.values().stream().mapToInt(n -> n).sum(), deaths);
    assertThat(died).as("rounds with a death").isGreaterThanOrEqualTo(rounds / 2);
  }

  /** The vector of each text by a run in which nobody dies. */
  private void undisturbed() throws Exception {
    Map<Long, String> all = new TreeMap<>();
    IntStream.range(0, VOCABULARY).forEach(i -> all.put((long) i, "text number " + i));
    String clean = directory.resolve("clean").toString();
    EmbedInSession.run(flags(input(all), clean, "error"));
    for (Row row : Embark.read(LocalSpark.session(), clean).collectAsList()) {
      vectors.put(row.getAs("text"), vector(row));
    }
    assertThat(vectors).hasSize(VOCABULARY);
  }

  private List<String> command(Kind kind) throws IOException {
    if (kind == Kind.APPEND) {
      return append(1 + random.nextInt(9), 6);
    }
    if (kind == Kind.SYNC_DELETES) {
      int most = rows.size() / 6;
      List<Long> ids = new ArrayList<>(rows.keySet());
      IntStream.range(0, most == 0 ? 0 : random.nextInt(most + 1))
          .forEach(i -> rows.remove(ids.get(random.nextInt(ids.size()))));
    }
    List<Long> ids = new ArrayList<>(rows.keySet());
    int changes = ids.isEmpty() ? 0 : 1 + random.nextInt(Math.min(ids.size(), 4));
    for (int i = 0; i < changes; i++) {
      rows.put(ids.get(random.nextInt(ids.size())), text());
    }
    IntStream.range(0, random.nextInt(4)).forEach(i -> rows.put(nextId++, text()));
    if (rows.isEmpty()) {
      rows.put(nextId++, text());
    }
    List<String> flags = flags(input(rows), output, "incremental");
    if (kind == Kind.SYNC_DELETES) {
      flags.add("--sync-deletes");
    }
    return flags;
  }

  /** Makes so many small files that the next incremental run joins them. */
  private void scatter() throws Exception {
    while (table.current().map(s -> s.files().size()).orElse(0) <= MANY) {
      EmbedInSession.run(append(50, 40));
    }
  }

  private List<String> append(int count, int partitions) throws IOException {
    Map<Long, String> added = new TreeMap<>();
    IntStream.range(0, count).forEach(i -> added.put(nextId++, text()));
    rows.putAll(added);
    List<String> flags = flags(input(added), output, "append");
    flags.addAll(List.of("--partitions", Integer.toString(partitions)));
    if (random.nextBoolean()) {
      flags.addAll(List.of("--run-id", "run-" + inputs));
    }
    return flags;
  }

  private String text() {
    return "text number " + random.nextInt(VOCABULARY);
  }

  private List<String> flags(Path input, String where, String mode) {
    return new ArrayList<>(
        List.of(
            "--model",
            model.toString(),
            "--input",
            input.toString(),
            "--output",
            where,
            "--id-col",
            "id",
            "--mode",
            mode));
  }

  private Path input(Map<Long, String> content) throws IOException {
    String lines =
        content.entrySet().stream()
            .map(row -> "{\"id\": %d, \"text\": \"%s\"}%n".formatted(row.getKey(), row.getValue()))
            .collect(Collectors.joining());
    return Files.writeString(directory.resolve("in-%d.jsonl".formatted(inputs++)), lines);
  }

  /** Starts a command until it ends of itself, and once more; gives how often it died. */
  private int untilItEnds(List<String> command, String where) throws Exception {
    int most = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
    int died = 0;
    while (died < most) {
      List<String> steps = steps(command, died);
      String step = steps.get(random.nextInt(steps.size()));
      boolean copying = output.startsWith("store") && random.nextInt(3) == 0;
      if (copying) {
        ObjectStoreDouble.dieAfterCopies(1 + random.nextInt(12));
      } else {
        boolean several = step.startsWith("FILE") && random.nextInt(4) == 0;
        Deaths.after(step, several ? 2 : 1, MortalDisk::die);
      }
      boolean ended = endsOf(command);
      Deaths.none();
      ObjectStoreDouble.dieAfterCopies(Integer.MAX_VALUE);
      if (ended) {
        break;
      }
      died++;
      deaths.merge(copying ? "COPY" : step, 1, Integer::sum);
      if (command.contains("append") && random.nextInt(4) == 0) {
        // Somebody else comes first, and finishes it if it was to be published.
        assertThat(EmbedInSession.run(append(2, 1)).exitCode()).as(where).isZero();
      }
    }
    assertThat(EmbedInSession.run(command).exitCode()).as(where).isZero();
    if (random.nextInt(4) == 0) {
      assertThat(EmbedInSession.run(command).out()).as(where).contains("Nothing to do");
    }
    return died;
  }

  /** Those that a command comes to, at least if nobody has done its work yet. */
  private static List<String> steps(List<String> command, int died) {
    return Deaths.steps().stream()
        .filter(step -> died > 0 || !step.equals("LOCK_BROKEN"))
        .filter(step -> command.contains("incremental") || !step.equals("FILE_DELETED"))
        .toList();
  }

  private static boolean endsOf(List<String> command) throws Exception {
    try {
      EmbedInSession.run(command);
      return true;
    } catch (Exception | Deaths.Died e) {
      if (!MortalDisk.isDead()) {
        throw e;
      }
      return false;
    }
  }

  private void requireTable(String where) throws IOException {
    Snapshot current = table.current().orElseThrow();
    assertThat(table.problems(current)).as(where).isEmpty();
    List<Row> found = Embark.read(LocalSpark.session(), output).collectAsList();
    // Without problems, the files that others read are those of the version.
    assertThat(found.stream().map(row -> row.<Long>getAs("id")).sorted().toList())
        .as(where)
        .isEqualTo(List.copyOf(rows.keySet()));
    for (Row row : found) {
      String text = row.getAs("text");
      assertThat(text).as(where).isEqualTo(rows.get(row.<Long>getAs("id")));
      assertThat(vector(row)).as(where).containsExactly(vectors.get(text));
    }
    assertThat(orphans(current)).as(where).isEmpty();
  }

  /** Files that belong neither to the version nor to the records of what was done. */
  private List<String> orphans(Snapshot current) throws IOException {
    Path root = directory.resolve("out");
    Set<String> data =
        current.files().stream().map(Snapshot.DataFile::name).collect(Collectors.toSet());
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          .filter(file -> !data.contains(file.replaceFirst("^\\.(.*)\\.crc$", "$1")))
          .filter(file -> !file.matches("(\\._SUCCESS\\.crc|_SUCCESS)"))
          .filter(
              file ->
                  !file.matches(
                      "_embark/(snapshots/\\d{8}|published/\\w+-\\d{8}|run-.*)\\.json|_embark/locks/\\d{8}\\.released"))
          // Those of the lock go once they are so old that nobody can be asking for it.
          .filter(file -> !file.matches("_embark/locks/\\..*"))
          .toList();
    }
  }

  private static float[] vector(Row row) {
    double[] values = ((org.apache.spark.ml.linalg.Vector) row.getAs("embedding")).toArray();
    float[] vector = new float[values.length];
    IntStream.range(0, values.length).forEach(i -> vector[i] = (float) values[i]);
    return vector;
  }
}
