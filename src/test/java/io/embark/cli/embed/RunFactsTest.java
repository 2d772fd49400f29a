package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.Setting;
import io.embark.embed.Setting.Effect;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunFactsTest {

  @ParameterizedTest
  @EnumSource(Effect.class)
  void aNewSettingCountsIfItChangesWhatIsWritten(Effect effect) {
    Setting<?> setting =
        new Setting<>(effect, "mirror", Setting.SWITCH, "false", "Turn round", Setting::yesOrNo);
    assertThat(RunFacts.settings(List.of(setting), s -> "true").containsKey("mirror"))
        .isEqualTo(effect == Effect.VECTORS || effect == Effect.STORAGE);
  }

  /** Runs that an earlier version staged are gone on with. */
  @Test
  void theSettingsOfARunAreThoseOfBefore() {
    assertThat(RunFacts.settings(Setting.ALL, Setting::key).keySet())
        .containsExactlyInAnyOrder(
            "pooling",
            "layers",
            "concat",
            "token-states",
            "exclude-special-tokens",
            "exclude-prompt",
            "truncate-dim",
            "normalize",
            "max-length",
            "prompt",
            "precision",
            "on-row-error",
            "gpu-tf32",
            "gpu-tensorrt-fp16",
            // Came later, and count only where they are not left as they are.
            "modules",
            "model-output",
            "strip",
            "rescale-truncated");
    assertThat(RunFacts.settings(Setting.ALL, s -> String.valueOf(s.defaultText())).keySet())
        .doesNotContain("modules", "model-output", "strip", "rescale-truncated");
    assertThat(RunFacts.settings(EmbedSettings.ALL, Setting::key).keySet())
        .containsExactlyInAnyOrder(
            "format",
            "read-option",
            "text-col",
            "id-col",
            "table",
            "mode",
            "output-type",
            "post",
            "output-col",
            "account-prefix",
            "retry-failed",
            "dedupe",
            "chunk",
            "chunk-tokens",
            "chunk-overlap",
            "chunk-text",
            // Came later, as above.
            "columns",
            "partition-types");
    assertThat(RunFacts.settings(EmbedSettings.ALL, s -> String.valueOf(s.defaultText())).keySet())
        .contains("mode")
        .doesNotContain("columns", "partition-types");
  }
}
