package io.embark.cli.doctor;

import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.util.List;
import java.util.stream.Stream;

/** The settings of {@code doctor} beside those of the embedder, most of them those of a run. */
public final class DoctorSettings {
  static final Setting<String> JSON =
      new Setting<>(
          "json",
          "FILE",
          "none",
          "File on the driver to write the report to, as JSON",
          text -> text);

  static final Setting<Long> ROWS =
      new Setting<>(
          "rows",
          "N",
          "those of the input",
          "Rows to plan for; without an input they are taken to have as many tokens as"
              + " tokens-per-row says",
          text -> Setting.number(text, 1, 1_000_000_000_000L));

  static final Setting<Integer> TOKENS_PER_ROW =
      new Setting<>(
          "tokens-per-row",
          "N",
          "those of the input, or 64",
          "Mean tokens of a row that the model will see",
          text -> Setting.number(text, 1, 1_000_000));

  /** Those that no other job has. */
  public static final List<Setting<?>> OWN = List.of(JSON, ROWS, TOKENS_PER_ROW);

  /** Those of the embed job that tell the doctor something. */
  private static final List<Setting<?>> OF_THE_RUN =
      List.of(
          EmbedSettings.INPUT,
          EmbedSettings.FORMAT,
          EmbedSettings.READ_OPTION,
          EmbedSettings.TEXT_COL,
          EmbedSettings.OUTPUT);

  /**
   * Those of the embed job that do not: values are checked and go no further, so that the flags and
   * the file of a run can be given as they are.
   */
  static final List<Setting<?>> NOT_USED =
      EmbedSettings.ALL.stream().filter(setting -> !OF_THE_RUN.contains(setting)).toList();

  static final List<Setting<?>> ALL =
      Stream.of(OWN, OF_THE_RUN, NOT_USED).<Setting<?>>flatMap(List::stream).toList();

  private DoctorSettings() {}
}
