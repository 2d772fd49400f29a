package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.embed.EmbedSettings.PartitionTypes;
import io.embark.input.InputColumns;
import io.embark.input.InputFiles;
import io.embark.input.InputFiles.Given;
import io.embark.input.InputFormat;
import io.embark.input.InputGate;
import io.embark.spark.path.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;

/**
 * The rows to embed.
 *
 * @param paths files, directories or globs
 * @param gate to what lies there now
 */
public record TextInput(List<String> paths, InputGate gate) {

  private static final Pattern NAME =
      Pattern.compile("\\G\\s*(?:`((?:[^`]|``)+)`\\s*|([^,]*))(?:,|$)");
  private static final String RECURSIVE = "recursiveFileLookup";
  private static final List<String> MODES = List.of("FAILFAST", "PERMISSIVE", "DROPMALFORMED");

  /** The URI of the shipped sample, in the distribution that the start script names. */
  public static String shippedSample() {
    String home = System.getProperty("embark.home", ".");
    java.nio.file.Path file = java.nio.file.Path.of(home, "sample", "texts.jsonl");
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          ("input: missing, and the shipped sample is not at %s. Say what to embed with --input"
                  + " URI, or start this job with Embark's own jobs/embed.sh.")
              .formatted(file.toAbsolutePath()));
    }
    // Not toUri(): Hadoop would look for "%20" where a folder has a space.
    return "file://" + file.toAbsolutePath().normalize();
  }

  /** The input that the settings name, or else the shipped sample. */
  public static TextInput of(JobSettings settings, Configuration hadoop) throws IOException {
    boolean given = settings.isSet(EmbedSettings.INPUT);
    return of(given ? settings.get(EmbedSettings.INPUT) : shippedSample(), settings, hadoop);
  }

  /**
   * Looks at what is to be read, every file of it: one of another format among many would be read
   * as something it is not.
   *
   * @param input comma-separated paths; a comma inside braces belongs to a glob
   * @param settings with the format, or none to go by the extensions, and the reader's options
   * @throws UserError if nothing is there or the format cannot be told
   */
  public static TextInput of(String input, JobSettings settings, Configuration hadoop)
      throws IOException {
    List<Given> given = InputPaths.of(input, hadoop);
    if (given.isEmpty()) {
      throw new UserError("input: empty; wanted files, directories or globs.");
    }
    Optional<InputFormat> said =
        settings.isSet(EmbedSettings.FORMAT)
            ? Optional.of(settings.get(EmbedSettings.FORMAT))
            : Optional.empty();
    InputFiles found = InputFiles.at(given, said, hadoop);
    InputFormat chosen = said.orElseGet(() -> formatOf(found.files()));
    // Spark's readers take option names in any case.
    Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    all.putAll(chosen.options);
    if (found.subdirectory().isPresent()) {
      all.put(RECURSIVE, "true");
    }
    Map<String, String> options = parseOptions(settings.get(EmbedSettings.READ_OPTION, null));
    if (options.keySet().stream().noneMatch(RECURSIVE::equalsIgnoreCase)) {
      found.requireOneLayout();
    }
    all.putAll(options);
    requireMode(all.get("mode"));
    if ("".equals(all.get("quote"))) {
      all.put("quote", InputFormat.noQuote());
    }
    List<String> paths = given.stream().map(Given::text).toList();
    boolean inferred = settings.get(EmbedSettings.PARTITION_TYPES) == PartitionTypes.INFERRED;
    return new TextInput(paths, new InputGate(found, chosen, Map.copyOf(all), inferred));
  }

  /** Spark reads as PERMISSIVE what it does not know, which hides records that it cannot read. */
  private static void requireMode(String mode) {
    if (mode != null && !MODES.contains(mode.toUpperCase(Locale.ROOT))) {
      throw new UserError(
          "read-option: found mode=%s, wanted one of %s."
              .formatted(mode, String.join(", ", MODES)));
    }
  }

  private static InputFormat formatOf(List<FileStatus> files) {
    Map<InputFormat, String> examples = new EnumMap<>(InputFormat.class);
    for (FileStatus status : files) {
      Path file = status.getPath();
      InputFormat format =
          InputFormat.ofFileName(file.getName())
              .orElseThrow(
                  () ->
                      new UserError(
                          "input: cannot tell the format of %s by its name; set format to one of %s."
                              .formatted(file, InputFormat.labels())));
      examples.putIfAbsent(format, file.getName());
    }
    if (examples.size() > 1) {
      throw new UserError(
          "input: files of different formats, %s; give one format a run."
              .formatted(String.join(", ", examples.values())));
    }
    return examples.keySet().iterator().next();
  }

  /** Columns that names of directories give to the rows. */
  Set<String> partitions() {
    Set<String> keys = new TreeSet<>();
    for (FileStatus file : files()) {
      for (Path at = file.getPath().getParent(); at != null; at = at.getParent()) {
        int equals = at.getName().indexOf('=');
        if (equals > 0) {
          keys.add(ExternalCatalogUtils.unescapePathName(at.getName().substring(0, equals)));
        }
      }
    }
    return keys;
  }

  /** Refuses an output that holds input: overwriting would delete it before it is read. */
  public void requireOutside(Path output, Configuration hadoop) throws IOException {
    Folder folder = Folder.of(output, hadoop);
    for (FileStatus file : files()) {
      if (folder.holds(file.getPath())) {
        throw new UserError(
            "output: %s holds the input %s. Write somewhere else."
                .formatted(output, file.getPath()));
      }
    }
  }

  InputFormat format() {
    return gate.format();
  }

  List<FileStatus> files() {
    return gate.files().files();
  }

  /**
   * All columns of the rows, as {@link #read(SparkSession, InputColumns, String...)} has them.
   *
   * @param exact more columns whose numbers are identifiers or texts, and keep every digit
   */
  public Dataset<Row> read(SparkSession spark, String textCol, String... exact) throws IOException {
    return read(spark, InputColumns.all(textCol), exact);
  }

  /** The rows with two columns of texts, and all others. */
  public Dataset<Row> readPairs(SparkSession spark, String textA, String textB) throws IOException {
    return read(spark, new InputColumns(textA, null, Set.of(textB), List.of(), false));
  }

  /** The rows with the columns that the settings name. */
  public Dataset<Row> read(SparkSession spark, JobSettings settings) throws IOException {
    List<String> only =
        settings.isSet(EmbedSettings.COLUMNS)
            ? names(settings.get(EmbedSettings.COLUMNS))
            : List.of();
    if (only.isEmpty() && settings.isSet(EmbedSettings.COLUMNS)) {
      throw new UserError("columns: empty; wanted names of columns, separated by commas.");
    }
    String id = settings.get(EmbedSettings.ID_COL, "id");
    return read(
        spark,
        new InputColumns(settings.get(EmbedSettings.TEXT_COL), id, Set.of(), only, true),
        id);
  }

  /** Names between commas; one that holds a comma stands in backticks, which are doubled in it. */
  private static List<String> names(String text) {
    List<String> names = new ArrayList<>();
    Matcher each = NAME.matcher(text);
    while (each.find()) {
      String quoted = each.group(1);
      String name = quoted == null ? each.group(2).strip() : quoted.replace("``", "`");
      if (!name.isEmpty()) {
        names.add(name);
      }
    }
    return names;
  }

  /**
   * The rows; those of a text file get one column of the name of the column of texts.
   *
   * @param exact more columns whose numbers are identifiers or texts, and keep every digit
   * @throws UserError if a file cannot be read as it is, or partitions begin in several places or
   *     have other columns, or files do not make one table
   */
  Dataset<Row> read(SparkSession spark, InputColumns columns, String... exact) throws IOException {
    boolean lines = format() == InputFormat.TEXT;
    Dataset<Row> rows;
    try {
      Set<String> all = new HashSet<>(List.of(exact));
      all.add(columns.text());
      all.addAll(columns.also());
      List<String> only =
          columns.only().stream().map(c -> c.equals(columns.text()) ? "value" : c).toList();
      InputColumns own =
          new InputColumns("value", columns.id(), Set.of(), only, columns.canChoose());
      rows = gate.read(spark, lines ? own : columns, all);
    } catch (UserError e) {
      throw e;
    } catch (IllegalArgumentException e) {
      // Beside the options that the format and the layout of the files ask for.
      Map<String, String> own = new HashMap<>(gate.options());
      own.remove(RECURSIVE);
      own.entrySet().removeAll(format().options.entrySet());
      if (own.isEmpty()) {
        throw e;
      }
      throw new UserError("read-option: Spark does not take it: " + e.getMessage(), e);
    } catch (AssertionError e) {
      // So Spark says that it can make no columns of the names of directories.
      throw new UserError(
          ("input: the partitions (directories key=value) of %s do not make one table: %s. Wanted"
                  + " the same keys below one directory. Name it with --read-option basePath=DIRECTORY"
                  + " if nothing but partitions lies between it and the files; or read each path in a"
                  + " run of its own (--mode append), or all of them without the columns of"
                  + " partitions: --read-option recursiveFileLookup=true.")
              .formatted(String.join(", ", paths), assertion(e)),
          e);
    }
    if (lines && List.of(rows.columns()).contains(columns.text())) {
      throw new UserError(
          ("text-col: directories give the lines a column '%s', so that the column of texts needs"
                  + " another name: --text-col.")
              .formatted(columns.text()));
    }
    return lines ? rows.withColumnRenamed("value", columns.text()) : rows;
  }

  /** What Spark found, on one line; its advice is for those who write programs. */
  private static String assertion(AssertionError e) {
    return String.valueOf(e.getMessage())
        .replaceFirst("^assertion failed: ", "")
        .replaceFirst("(?s)(If provided paths are|For partitioned table directories).*", "")
        .replaceAll("[\\s\\x08]+", " ")
        .strip();
  }

  private static Map<String, String> parseOptions(String options) {
    Map<String, String> parsed = new HashMap<>();
    if (options != null) {
      for (String option : options.split(",(?=[A-Za-z]+=)")) {
        int equals = option.indexOf('=');
        if (equals < 1) {
          throw new UserError("read-option: found '%s', wanted key=value.".formatted(option));
        }
        parsed.put(option.substring(0, equals).strip(), option.substring(equals + 1));
      }
    }
    return parsed;
  }
}
