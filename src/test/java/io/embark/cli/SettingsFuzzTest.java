package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import io.embark.testing.Corruption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.BeforeContainer;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Whatever is given for a setting, it is taken or refused, by its name. */
class SettingsFuzzTest {
  private static final List<Setting<?>> SETTINGS = JobSettings.all(EmbedSettings.ALL);
  private static final String WHOLE =
      """
      model = builtin:all-MiniLM-L6-v2
      pooling = mean,cls
      layers = first+last
      max-length = 1_28
      prompt = query:\\u0020
      normalize: l2
      token-budget auto
      output-type = int8
      partitions = 12
      chunk = document
      chunk-tokens = 64
      # a comment
      """;

  private static Path directory;

  @BeforeContainer
  static void prepare() throws IOException {
    directory = Files.createTempDirectory(Path.of("target"), "corrupt-settings");
  }

  @Property(seed = "1")
  void anyTextIsTakenOrRefusedByName(@ForAll String text, @ForAll long seed) {
    Setting<?> setting = SETTINGS.get(new Random(seed).nextInt(SETTINGS.size()));
    try {
      setting.parse(text);
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).startsWith(setting.key() + ": ");
    }
  }

  @Property(seed = "1")
  void corruptDefaultsAreTakenOrRefused(@ForAll long seed) {
    Random random = new Random(seed);
    for (Setting<?> setting : SETTINGS) {
      byte[] whole =
          (setting.argument() + "," + setting.defaultText()).getBytes(StandardCharsets.UTF_8);
      String text = new String(Corruption.of(whole, random), StandardCharsets.UTF_8);
      try {
        setting.parse(text);
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).startsWith(setting.key() + ": ");
      }
    }
  }

  @Property(seed = "1")
  void aCorruptFileOrCommandLineIsBadUsage(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    byte[] bytes = Corruption.of(WHOLE.getBytes(StandardCharsets.UTF_8), random);
    Path file = Files.write(directory.resolve("some.properties"), bytes);
    CommandSpec spec = CommandSpec.create();
    SettingsCommand.addOptions(spec, SETTINGS, List.of(EmbedSettings.INPUT), List.of());
    try {
      String[] flags =
          new String(
                  Corruption.of(
                      "--pooling mean --layers -1".getBytes(StandardCharsets.UTF_8), random),
                  StandardCharsets.UTF_8)
              .split(" ");
      new CommandLine(spec).parseArgs(flags);
    } catch (ParameterException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
    try {
      JobSettings.of(new CommandLine(spec).parseArgs("--config", file.toString()), SETTINGS)
          .embedderConfig();
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
