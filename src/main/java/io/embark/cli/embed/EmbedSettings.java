package io.embark.cli.embed;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.cli.embed.QualityGate.RowLimit;
import io.embark.embed.ChunkSettings;
import io.embark.embed.Setting;
import io.embark.embed.Setting.Effect;
import io.embark.embed.SettingDeclaration;
import io.embark.input.InputFormat;
import io.embark.post.PostChoice;
import io.embark.spark.column.OutputType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The settings of the {@code embed} job beside those of the embedder itself. */
public final class EmbedSettings {
  private static final List<Setting<?>> DECLARED = new ArrayList<>();

  public static final Setting<String> INPUT =
      declare(Effect.PLACE, "input", "URI[,URI...]", "the shipped sample")
          .says(
              "Files, directories or globs to read; several may be given; what is there is no glob")
          .text();

  public static final Setting<InputFormat> FORMAT =
      declare(Effect.STORAGE, "format", "NAME", "by extension")
          .says("Format of the input: " + InputFormat.labels())
          .parsed(InputFormat::of);

  public static final Setting<String> READ_OPTION =
      declare(Effect.STORAGE, "read-option", "KEY=VALUE[,...]", "none")
          .says("Options for Spark's reader of the format, for example sep=; or multiLine=false")
          .text();

  static final Setting<PartitionTypes> PARTITION_TYPES =
      declare(Effect.STORAGE, "partition-types", "text|inferred", "text")
          .says(
              "What becomes of values in names of directories (key=value): they stay as they stand"
                  + " there, or Spark makes numbers and dates of what looks like one, so that 01234"
                  + " is 1234")
          .choice(PartitionTypes.class);

  public static final Setting<String> COLUMNS =
      declare(Effect.STORAGE, "columns", "NAME[,NAME...]", "all")
          .says(
              "Columns of the input to read and carry over, beside those of texts and ids; the others"
                  + " may be of types that cannot be read")
          .text();

  public static final Setting<String> TEXT_COL =
      declare(Effect.STORAGE, "text-col", "NAME", "text").says("Column of texts").text();

  public static final Setting<String> ID_COL =
      declare(Effect.STORAGE, "id-col", "NAME", "id, if there is one")
          .says(
              "Column that identifies a row; incremental runs need it, a different one in every"
                  + " row")
          .text();

  public static final Setting<String> OUTPUT =
      declare(Effect.PLACE, "output", "URI", "embark-output/sample for the sample")
          .says("Directory to write Parquet to")
          .text();

  static final Setting<String> TABLE =
      declare(Effect.STORAGE, "table", "CATALOG.DB.NAME", "none")
          .says(
              "An Apache Iceberg table to write, instead of an output directory; incremental mode"
                  + " only")
          .text();

  static final Setting<SaveMode> MODE =
      declare(Effect.STORAGE, "mode", "error|overwrite|append|incremental", "error")
          .says(
              "What to do when the output exists: refuse, replace it, add rows, or embed only what"
                  + " is new or changed by id and text; overwrite is the default for the sample")
          .choice(SaveMode.class);

  static final Setting<OutputType> OUTPUT_TYPE =
      declare(Effect.STORAGE, "output-type", "NAME", "vector")
          .says("Type of the vector columns: " + OutputType.sizes())
          .parsed(OutputType::of);

  static final Setting<Integer> CALIBRATION_ROWS =
      declare(Effect.PLAN, "calibration-rows", "ROWS", "2000")
          .says(
              "Rows, taken at random, that the ranges of int8 vectors are found on before the run")
          .number(1, 10_000_000);

  static final Setting<PostChoice> POST =
      declare(Effect.VECTORS, "post", "METHOD[:N]|PATH", "none")
          .says(
              "What is done with vectors before they are scaled: "
                  + PostChoice.CHOICES
                  + " of a map that was fitted earlier or of a table that has one; fitted once for"
                  + " a table and kept with it")
          .parsed(PostChoice::of);

  /** 0 stands for all. */
  static final Setting<Integer> POST_ROWS =
      declare(Effect.PLAN, "post-rows", "ROWS|all", "20000")
          .says(
              "Rows, taken at random, that post is fitted on before the run; they are embedded once"
                  + " more for it")
          .parsed(
              text ->
                  text.strip().equalsIgnoreCase("all") ? 0 : Setting.number(text, 2, 100_000_000));

  static final Setting<String> OUTPUT_COL =
      declare(Effect.STORAGE, "output-col", "NAME", "embedding")
          .says("Column for the vectors")
          .text();

  static final Setting<String> ACCOUNT_PREFIX =
      declare(Effect.STORAGE, "account-prefix", "TEXT", "")
          .says(
              "Put before the names of the columns token_count, tokens_used, truncated,"
                  + " unknown_token_ratio and status")
          .text();

  /** 0 stands for auto. */
  static final Setting<Integer> PARTITIONS =
      declare(Effect.PLAN, "partitions", "N|auto", Setting.AUTO)
          .says(
              "Slices to split the work into, a task and a file each; auto measures the texts and"
                  + " goes by tokens, and by commit-rows")
          .automatic(1, 1_000_000);

  static final Setting<Integer> GPU_STAGE =
      declare(Effect.SPEED, "gpu-stage", "TASKS", "0")
          .says(
              "Ask Spark for GPUs for the embedding stage alone, so many tasks to share each; 0"
                  + " leaves GPUs to Spark's own settings")
          .number(0, 1000);

  static final Setting<String> GPU_SCRIPT =
      declare(Effect.PLACE, "gpu-script", "PATH", "")
          .says(
              "Script on the executors that prints their GPUs (conf/get-gpus.sh), for gpu-stage"
                  + " with dynamic allocation on YARN and Kubernetes")
          .text();

  static final Setting<Integer> PREVIEW =
      declare(Effect.SPEED, "preview", "ROWS", "5")
          .says("Rows shown at the end, with the nearest neighbours of three; 0 for none")
          .number(0, 1000);

  static final Setting<Boolean> SYNC_DELETES =
      declare(Effect.PLAN, "sync-deletes", Setting.SWITCH, "false")
          .says("In incremental mode, drop rows whose id is no longer in the input")
          .toggle();

  static final Setting<Boolean> EVOLVE_SCHEMA =
      declare(Effect.PLAN, "evolve-schema", Setting.SWITCH, "false")
          .says(
              "In incremental mode, give the output the columns that the input has and it has not;"
                  + " vectors stay")
          .toggle();

  static final Setting<RowLimit> MAX_DELETED_ROWS =
      declare(Effect.SPEED, "max-deleted-rows", "ROWS|SHARE", "20%")
          .says(
              "The most rows of the table that sync-deletes may drop, such as 500 or 5%; with more,"
                  + " nothing is embedded or published. An input without rows drops none unless"
                  + " 100% is given")
          .parsed(RowLimit::of);

  static final Setting<Boolean> RETRY_FAILED =
      declare(Effect.STORAGE, "retry-failed", Setting.SWITCH, "true")
          .says(
              "In incremental mode, embed rows again whose status is FAILED, though their text is"
                  + " the same")
          .toggle();

  static final Setting<Integer> COMMIT_ROWS =
      declare(Effect.PLAN, "commit-rows", "ROWS", "20000")
          .says(
              "Rows in a slice of work, which is a file of the output; a run that was killed goes"
                  + " on from the slices that were done")
          .number(1, 100_000_000);

  static final Setting<Dedupe> DEDUPE =
      declare(Effect.STORAGE, "dedupe", "none|global", "none")
          .says(
              "Whether texts that are the same anywhere in the input are embedded once and share a"
                  + " vector")
          .choice(Dedupe.class);

  static final Setting<Double> MAX_LOST_TOKENS =
      declare(Effect.SPEED, "max-lost-tokens", "SHARE", "100%")
          .says(
              "The most tokens, of all, that truncation may cut off, such as 1% or 0.01; with more,"
                  + " nothing is published")
          .parsed(QualityGate::parseFraction);

  static final Setting<RowLimit> MAX_FAILED_ROWS =
      declare(Effect.SPEED, "max-failed-rows", "ROWS|SHARE", "100%")
          .says(
              "The most rows that may have the status FAILED, such as 10 or 0.1% of all; with more,"
                  + " nothing is published")
          .parsed(RowLimit::of);

  static final Setting<RowLimit> MAX_INVALID_TEXT =
      declare(Effect.SPEED, "max-invalid-text", "ROWS|SHARE", "100%")
          .says(
              "The most rows whose text may hold U+FFFD, which stands for bytes that were no UTF-8;"
                  + " with more, nothing is published")
          .parsed(RowLimit::of);

  static final Setting<Progress.Report> PROGRESS =
      declare(Effect.SPEED, "progress", "auto|line|log|none", Setting.AUTO)
          .says(
              "How far the run is: one line on the terminal, or lines in the log, or neither; auto"
                  + " takes the line where there is a terminal")
          .choice(Progress.Report.class);

  static final Setting<String> RUN_ID =
      declare(Effect.PLACE, "run-id", "TEXT", "none")
          .says(
              "The name of this run, by which the same command started again is told from an intended"
                  + " repetition; otherwise settings and input files tell")
          .parsed(EmbedSettings::nonBlank);

  static final Setting<Integer> KEEP_SNAPSHOTS =
      declare(Effect.PLACE, "keep-snapshots", "N", "20")
          .says(
              "Records of the table's newest versions that stay; those of older ones, whose files are gone as a rule, are deleted")
          .number(1, 10_000_000);

  static final Setting<Integer> WAIT_FOR_LOCK =
      declare(Effect.SPEED, "wait-for-lock", "SECONDS", "0")
          .says("How long to wait for another run that writes the same output, instead of refusing")
          .number(0, 10_000_000);

  /** In the order in which help and documents show them: as declared above, then chunks. */
  public static final List<Setting<?>> ALL =
      Stream.concat(DECLARED.stream(), ChunkSettings.ALL.stream()).toList();

  private EmbedSettings() {}

  /** What to do with an output that exists. */
  enum SaveMode implements Choice {
    ERROR,
    OVERWRITE,
    APPEND,
    INCREMENTAL;
  }

  /** What becomes of values in names of directories. */
  enum PartitionTypes implements Choice {
    TEXT,
    INFERRED;
  }

  /** The equal texts that are embedded once. */
  enum Dedupe implements Choice {
    NONE,
    GLOBAL;
  }

  private static String nonBlank(String text) {
    if (text.isBlank()) {
      throw new UserError("found an empty value, wanted the name of a run.");
    }
    return text.strip();
  }

  private static SettingDeclaration declare(
      Effect effect, String key, String argument, String defaultText) {
    return new SettingDeclaration(effect, key, argument, defaultText, DECLARED);
  }
}
