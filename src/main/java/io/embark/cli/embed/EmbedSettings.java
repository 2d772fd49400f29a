package io.embark.cli.embed;

import io.embark.Choice;
import io.embark.cli.embed.QualityGate.RowLimit;
import io.embark.embed.ChunkSettings;
import io.embark.embed.Setting;
import io.embark.embed.Setting.Effect;
import io.embark.post.PostChoice;
import io.embark.spark.column.OutputType;
import java.util.List;

/** The settings of the {@code embed} job beside those of the embedder itself. */
public final class EmbedSettings {
  public static final Setting<String> INPUT =
      text(
          Effect.PLACE,
          "input",
          "URI[,URI...]",
          "the shipped sample",
          "Files, directories or globs to read; several may be given");

  public static final Setting<InputFormat> FORMAT =
      new Setting<>(
          Effect.STORAGE,
          "format",
          "NAME",
          "by extension",
          "Format of the input: " + InputFormat.labels(),
          InputFormat::of);

  public static final Setting<String> READ_OPTION =
      text(
          Effect.STORAGE,
          "read-option",
          "KEY=VALUE[,...]",
          "none",
          "Options for Spark's reader of the format, for example sep=; or multiLine=false");

  public static final Setting<String> TEXT_COL =
      text(Effect.STORAGE, "text-col", "NAME", "text", "Column of texts");

  public static final Setting<String> ID_COL =
      text(
          Effect.STORAGE,
          "id-col",
          "NAME",
          "id, if there is one",
          "Column that identifies a row; incremental runs need it, a different one in every row");

  public static final Setting<String> OUTPUT =
      text(
          Effect.PLACE,
          "output",
          "URI",
          "embark-output/sample for the sample",
          "Directory to write Parquet to");

  static final Setting<String> TABLE =
      text(
          Effect.STORAGE,
          "table",
          "CATALOG.DB.NAME",
          "none",
          "An Apache Iceberg table to write, instead of an output directory; incremental mode"
              + " only");

  static final Setting<SaveMode> MODE =
      new Setting<>(
          Effect.STORAGE,
          "mode",
          "error|overwrite|append|incremental",
          "error",
          "What to do when the output exists: refuse, replace it, add rows, or embed only what is"
              + " new or changed by id and text; overwrite is the default for the sample",
          text -> Choice.of(SaveMode.class, text));

  static final Setting<Boolean> SYNC_DELETES =
      new Setting<>(
          Effect.PLACE,
          "sync-deletes",
          Setting.SWITCH,
          "false",
          "In incremental mode, drop rows whose id is no longer in the input",
          Setting::yesOrNo);

  static final Setting<Boolean> RETRY_FAILED =
      new Setting<>(
          Effect.STORAGE,
          "retry-failed",
          Setting.SWITCH,
          "true",
          "In incremental mode, embed rows again whose status is FAILED, though their text is the"
              + " same",
          Setting::yesOrNo);

  static final Setting<Integer> COMMIT_ROWS =
      new Setting<>(
          Effect.SPEED,
          "commit-rows",
          "ROWS",
          "20000",
          "Rows in a slice of work, which is a file of the output; a run that was killed goes on"
              + " from the slices that were done",
          text -> Setting.number(text, 1, 100_000_000));

  static final Setting<Dedupe> DEDUPE =
      new Setting<>(
          Effect.STORAGE,
          "dedupe",
          "none|global",
          "none",
          "Whether texts that are the same anywhere in the input are embedded once and share a"
              + " vector",
          text -> Choice.of(Dedupe.class, text));

  static final Setting<Double> MAX_LOST_TOKENS =
      new Setting<>(
          Effect.SPEED,
          "max-lost-tokens",
          "SHARE",
          "100%",
          "The most tokens, of all, that truncation may cut off, such as 1% or 0.01; with more,"
              + " nothing is published",
          QualityGate::parseFraction);

  static final Setting<RowLimit> MAX_FAILED_ROWS =
      new Setting<>(
          Effect.SPEED,
          "max-failed-rows",
          "ROWS|SHARE",
          "100%",
          "The most rows that may have the status FAILED, such as 10 or 0.1% of all; with more,"
              + " nothing is published",
          RowLimit::of);

  static final Setting<ProgressReport> PROGRESS =
      new Setting<>(
          Effect.SPEED,
          "progress",
          "auto|line|log|none",
          Setting.AUTO,
          "How far the run is: one line on the terminal, or lines in the log, or neither; auto"
              + " takes the line where there is a terminal",
          text -> Choice.of(ProgressReport.class, text));

  static final Setting<Integer> WAIT_FOR_LOCK =
      new Setting<>(
          Effect.SPEED,
          "wait-for-lock",
          "SECONDS",
          "0",
          "How long to wait for another run that writes the same output, instead of refusing",
          text -> Setting.number(text, 0, 10_000_000));

  static final Setting<OutputType> OUTPUT_TYPE =
      new Setting<>(
          Effect.STORAGE,
          "output-type",
          "NAME",
          "vector",
          "Type of the vector columns: " + OutputType.sizes(),
          OutputType::of);

  static final Setting<Integer> CALIBRATION_ROWS =
      new Setting<>(
          Effect.SPEED,
          "calibration-rows",
          "ROWS",
          "2000",
          "Rows, taken at random, that the ranges of int8 vectors are found on before the run",
          text -> Setting.number(text, 1, 10_000_000));

  static final Setting<PostChoice> POST =
      new Setting<>(
          Effect.VECTORS,
          "post",
          "METHOD[:N]|PATH",
          "none",
          "What is done with vectors before they are scaled: "
              + PostChoice.CHOICES
              + " of a map that was fitted earlier or of a table that has one; fitted once for a"
              + " table and kept with it",
          PostChoice::of);

  /** 0 stands for all. */
  static final Setting<Integer> POST_ROWS =
      new Setting<>(
          Effect.SPEED,
          "post-rows",
          "ROWS|all",
          "20000",
          "Rows, taken at random, that post is fitted on before the run; they are embedded once"
              + " more for it",
          text -> text.strip().equalsIgnoreCase("all") ? 0 : Setting.number(text, 2, 100_000_000));

  static final Setting<String> OUTPUT_COL =
      text(Effect.STORAGE, "output-col", "NAME", "embedding", "Column for the vectors");

  static final Setting<String> ACCOUNT_PREFIX =
      text(
          Effect.STORAGE,
          "account-prefix",
          "TEXT",
          "",
          "Put before the names of the columns token_count, tokens_used, truncated,"
              + " unknown_token_ratio and status");

  /** 0 stands for auto. */
  static final Setting<Integer> PARTITIONS =
      new Setting<>(
          Effect.SPEED,
          "partitions",
          "N|auto",
          Setting.AUTO,
          "Slices to split the work into, a task and a file each; auto measures the texts and goes"
              + " by tokens, and by commit-rows",
          text -> Setting.automatic(text, 1, 1_000_000));

  static final Setting<Integer> GPU_STAGE =
      new Setting<>(
          Effect.SPEED,
          "gpu-stage",
          "TASKS",
          "0",
          "Ask Spark for GPUs for the embedding stage alone, so many tasks to share each; 0 leaves"
              + " GPUs to Spark's own settings",
          text -> Setting.number(text, 0, 1000));

  static final Setting<String> GPU_SCRIPT =
      text(
          Effect.PLACE,
          "gpu-script",
          "PATH",
          "",
          "Script on the executors that prints their GPUs (conf/get-gpus.sh), for gpu-stage with"
              + " dynamic allocation on YARN and Kubernetes");

  static final Setting<Integer> PREVIEW =
      new Setting<>(
          Effect.SPEED,
          "preview",
          "ROWS",
          "5",
          "Rows shown at the end, with the nearest neighbours of three; 0 for none",
          text -> Setting.number(text, 0, 1000));

  /** In the order in which help and documents show them. */
  public static final List<Setting<?>> ALL =
      List.of(
          INPUT,
          FORMAT,
          READ_OPTION,
          TEXT_COL,
          ID_COL,
          OUTPUT,
          TABLE,
          MODE,
          OUTPUT_TYPE,
          CALIBRATION_ROWS,
          POST,
          POST_ROWS,
          OUTPUT_COL,
          ACCOUNT_PREFIX,
          PARTITIONS,
          GPU_STAGE,
          GPU_SCRIPT,
          PREVIEW,
          SYNC_DELETES,
          RETRY_FAILED,
          COMMIT_ROWS,
          DEDUPE,
          MAX_LOST_TOKENS,
          MAX_FAILED_ROWS,
          PROGRESS,
          WAIT_FOR_LOCK,
          ChunkSettings.CHUNK,
          ChunkSettings.CHUNK_TOKENS,
          ChunkSettings.CHUNK_OVERLAP,
          ChunkSettings.CHUNK_TEXT);

  private EmbedSettings() {}

  /** What to do with an output that exists. */
  enum SaveMode implements Choice {
    ERROR,
    OVERWRITE,
    APPEND,
    INCREMENTAL;
  }

  /** Which equal texts are embedded once. */
  enum Dedupe implements Choice {
    NONE,
    GLOBAL;
  }

  private static Setting<String> text(
      Effect effect, String key, String argument, String defaultText, String description) {
    return new Setting<>(effect, key, argument, defaultText, description, value -> value);
  }
}
